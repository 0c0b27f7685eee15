import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { ADMIT, KEEP, REPLICAS_KEY, SETTLE, STORE_KEY } from '../../../app/limits/redis-scripts.ts'
import type { Allotment } from '../../../app/services/limit-proposal.ts'
import { TESTER } from '../../support/builders.ts'
import { EventQueue } from '../../support/fake-ollama/event-queue.ts'
import { chatRecords } from '../../support/fake-ollama/records.ts'
import { stream } from '../../support/fake-ollama/script.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'
import { redisForTests } from '../../support/servers.ts'
import { type RedisProxy, startRedisProxy } from './redis-proxy.ts'

const TIMES = 20
const NAMES = new Map([
  [ADMIT.sha, 'admit'],
  [SETTLE.sha, 'settle'],
])
/** Words of what is asked now and then, whether there are requests or not. */
const BACKGROUND: readonly string[] = ['PING', KEEP.sha, KEEP.source, REPLICAS_KEY, STORE_KEY]

const EVERYTHING: readonly Allotment[] = [
  { unit: 'requests', window: 'minute', amount: 1000 },
  { unit: 'requests', window: 'day', amount: 10_000 },
  { unit: 'tokens', window: 'hour', amount: 1_000_000 },
  { unit: 'compute-seconds', window: 'day', amount: 10_000 },
  { unit: 'concurrent-requests', window: 'now', amount: 50 },
]

const redis = await redisForTests()

describe.skipIf('skip' in redis)('what a gateway asks Redis for a request', () => {
  let stage: Stage
  let proxy: RedisProxy
  /** Everything that Redis was asked and answered, and that Ollama was asked, in its order. */
  let events: string[]
  let settled: EventQueue<string>
  /** What a settlement has to wait for. */
  let settling: Promise<void> | undefined

  beforeAll(async () => {
    events = []
    settled = new EventQueue()
    proxy = await startRedisProxy('url' in redis ? redis.url : '', {
      onCommand: async (words) => {
        note(words, '')
        if (nameOf(words) === 'settle') await settling
      },
      onAnswer: (words) => {
        note(words, ' answered')
        if (nameOf(words) === 'settle') settled.push('')
      },
    })
    stage = await setStage({ settings: { redisUrl: proxy.url } })
    stage.ollama.on('/api/chat', {
      byRequest() {
        events.push('Ollama')
        return stream(chatRecords(MODEL, ['Hi', ' there']))
      },
    })
    // A Redis is asked twice when it does not know a script yet.
    const user = await known(EVERYTHING)
    expect(await ask(user)).toBe(200)
    await settled.next()
  })
  afterAll(async () => {
    await stage[Symbol.asyncDispose]()
    await proxy.stop()
  })
  beforeEach(() => {
    events = []
    settling = undefined
  })

  const nameOf = (words: readonly string[]): string | undefined => {
    const word = words[0] === 'EVALSHA' ? words[1] : words[0]
    return NAMES.get(word ?? '') ?? word
  }
  const note = (words: readonly string[], what: string): void => {
    if (!words.some((word) => BACKGROUND.includes(word))) events.push(`${nameOf(words)}${what}`)
  }

  /** Someone new with these limits, whose buckets are there already. */
  async function known(amounts: readonly Allotment[]): Promise<TestUser> {
    const { gateway } = stage
    const role = await gateway.role({})
    const user = await gateway.user({ roles: [role] })
    if (amounts.length === 0) return user
    const rule = { gateway: 'ollama', amounts }
    await gateway.admin.limits.set(TESTER, { user: user.username }, rule)
    await gateway.admin.limits.set(TESTER, { key: user.keyId }, { ...rule, model: MODEL })
    await gateway.admin.limits.set(TESTER, { role }, { ...rule, gateway: '*', shared: true })
    expect(await ask(user)).toBe(200)
    await settled.next()
    events = []
    return user
  }

  /** The status of a chat that is read to its end. */
  async function ask(as: TestUser): Promise<number> {
    const response = await stage.post('/ollama/api/chat', CHAT, { as })
    await response.text()
    return response.status
  }

  test('is one question before Ollama is asked and one after, for all limits together', async () => {
    const as = await known(EVERYTHING)
    for (let i = 0; i < TIMES; i++) {
      expect(await ask(as)).toBe(200)
      await settled.next()
    }
    const each = ['admit', 'admit answered', 'Ollama', 'settle', 'settle answered']
    expect(events).toEqual(Array(TIMES).fill(each).flat())
  })

  test('is one question when it is refused', async () => {
    const as = await known([{ unit: 'requests', window: 'day', amount: 1 }])
    for (let i = 0; i < TIMES; i++) expect(await ask(as)).toBe(429)
    expect(events).toEqual(Array(TIMES).fill(['admit', 'admit answered']).flat())
  })

  test('is one question when no limit applies: whether anything was revoked', async () => {
    const as = await known([])
    for (let i = 0; i < TIMES; i++) expect(await ask(as)).toBe(200)
    expect(events).toEqual(Array(TIMES).fill(['GET', 'GET answered', 'Ollama']).flat())
  })

  test('keeps nobody waiting when it has been answered: the settlement is on its own', async () => {
    const as = await known(EVERYTHING)
    const read = Promise.withResolvers<void>()
    settling = read.promise
    expect(await ask(as)).toBe(200)
    expect(events).not.toContain('settle answered')
    expect(stage.gateway.log.filter(({ level }) => level === 'warn')).toEqual([])
    read.resolve()
    await settled.next()
    expect(events).toEqual(['admit', 'admit answered', 'Ollama', 'settle', 'settle answered'])
  })
})
