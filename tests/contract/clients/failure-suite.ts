import { expect, test } from 'bun:test'
import { hang, type Step } from '../../support/fake-ollama/script.ts'
import { limit } from '../../support/gateway/limits.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, type Stage } from '../../support/gateway/stage.ts'
import type { Client, Failure } from './client.ts'
import { BREAKS, beginning, REFUSALS, TOO_MANY_TOOLS } from './failures.ts'
import { gathered } from './gathered.ts'
import { QUESTION } from './questions.ts'
import { setClientStage } from './stage.ts'
import { thrownBy } from './thrown-by.ts'

/** What a client makes of failures, and what it leaves behind when it is stopped. */
export function describeFailures(stage: Stage, client: Client): void {
  const { endpoint, cannot } = client
  const open = ({ gateway, user }: Stage, key = user.key) =>
    client.open({ url: gateway.url, key, retries: 0 })

  /** Checks that both ways of asking end in that exception. */
  async function expectThrown(failing: Failing, failure: Failure): Promise<void> {
    const { type, like } = client.thrownFor(failure)
    for (const ask of failing) {
      const thrown = await thrownBy(ask)
      expect(thrown).toBeInstanceOf(type)
      expect(thrown).toMatchObject(like)
    }
  }

  const refusals = cannot.tools ? REFUSALS : [...REFUSALS, TOO_MANY_TOOLS]
  test.each(refusals.map((refusal) => [refusal.name, refusal] as const))(
    'throws at %s, with the status and in words',
    async (_, refusal) => {
      const { question = QUESTION, script, key } = refusal
      const session = open(stage, key)
      const stop = script ? stage.ollama.on(endpoint, script) : () => {}
      const failing = [() => session.ask(question), () => gathered(session.stream(question))]
      await expectThrown(failing, refusal).finally(stop)
    },
  )

  test('throws at a limit that is reached, and is served when it is not', async () => {
    await using own = await setClientStage()
    await limit(own, 'concurrent-requests per now', 1, { gateway: '*' })
    const session = open(own)
    own.ollama.once('/api/chat', [beginning('/api/chat', 'one'), hang()])
    const running = readRecords(await own.post('/ollama/api/chat', CHAT, { as: own.user }))
    await running.next()
    await expectThrown([() => session.ask(QUESTION), () => gathered(session.stream(QUESTION))], {
      status: 429,
      code: 'limit_reached',
      field: null,
      text: 'limit reached: 1 request at a time; try again when it has ended',
    })
    await running.leave()
    await own.gateway.accounted(1)
    expect((await session.ask(QUESTION)).text).toStartWith('Hello')
  })

  test('throws at a host that is gone', async () => {
    await using own = await setClientStage()
    const session = open(own)
    await session.ask(QUESTION)
    await own.ollama.stop()
    await expectThrown([() => session.ask(QUESTION), () => gathered(session.stream(QUESTION))], {
      status: 502,
      code: 'upstream_unreachable',
      field: null,
      text: 'Ollama is not reachable; try again later',
    })
  })

  if (!cannot['failures in mid-stream']) {
    test.each(BREAKS.map((failure) => [failure.name, failure] as const))(
      'throws at %s, after what came before',
      async (_, failure) => {
        stage.ollama.once(endpoint, [beginning(endpoint, 'one'), failure.script])
        let text = ''
        const failing = async () => {
          for await (const piece of open(stage).stream(QUESTION)) text += piece.text ?? ''
        }
        await expectThrown([failing], failure)
        expect(text).toBe('one')
      },
    )
  }

  test('can stop a stream: Ollama stops as well, and one row says so', async () => {
    await using own = await setClientStage()
    const next = Promise.withResolvers<void>()
    const late = cannot['leaving while nothing comes'] ? beginning(endpoint, 'two') : []
    const wait: Step = (reply) => reply.until(next.promise)
    own.ollama.once(endpoint, [beginning(endpoint, 'one'), wait, late, hang()])
    const stopping = new AbortController()
    const reading = (async () => {
      for await (const { text } of open(own).stream(QUESTION, stopping.signal)) {
        if (text) stopping.abort()
      }
    })()
    // Some throw, some just end.
    await reading.catch(() => {})
    expect(stopping.signal.aborted).toBe(true)
    next.resolve()
    await own.ollama.nextAbort()
    await own.gateway.accounted(1)
    const rows = await own.gateway.usageOf(own.user)
    expect(rows).toMatchObject([
      { outcome: 'cancelled', error_code: 'client_closed', estimated: 1 },
    ])
    expect(rows[0]?.completion_tokens).toBe(cannot['leaving while nothing comes'] ? 2 : 1)
  })
}

type Failing = readonly (() => Promise<unknown>)[]
