import { beforeEach, describe, expect, test } from 'bun:test'
import { overseen, RedisGoneError, type RedisLink } from '../../../app/limits/redis-link.ts'
import { ADMIT } from '../../../app/limits/redis-scripts.ts'

interface Sent extends PromiseWithResolvers<unknown> {
  readonly command: readonly string[]
}

let sent: Sent[]
let link: RedisLink

beforeEach(() => {
  sent = []
  link = overseen(
    (command) => {
      const answer = { ...Promise.withResolvers<unknown>(), command }
      sent.push(answer)
      return answer.promise
    },
    () => {},
  )
})

/** Asks; `gone` when it failed so. */
const ask = (): Promise<unknown> =>
  link.send(['PING']).catch((err: unknown) => (err instanceof RedisGoneError ? 'gone' : err))
const answer = (index: number): void => sent[index]?.resolve(`answer ${index}`)

describe('a connection to Redis', () => {
  test('gives up all that wait when nothing comes, and asks nothing more', async () => {
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['gone', 'gone', 'gone'])
    expect(await Promise.all([ask(), ask()])).toEqual(['gone', 'gone'])
    expect(sent).toHaveLength(3)
  })

  test.each(['an answer', 'an error'])('asks again as soon as there is %s', async (what) => {
    await Promise.all([ask(), ask()])
    if (what === 'an answer') answer(0)
    else sent[0]?.reject(new Error('the connection is closed'))
    await Bun.sleep(0)
    const asked = ask()
    answer(2)
    expect(await asked).toBe('answer 2')
  })

  test('waits for long while answers come', async () => {
    const asked = Array.from({ length: 15 }, ask)
    for (let i = 0; i < asked.length; i++) {
      await Bun.sleep(10)
      answer(i)
    }
    expect(await Promise.all(asked)).toEqual(asked.map((_, i) => `answer ${i}`))
  })

  test('does not count the time in which it owed nothing', async () => {
    const first = ask()
    answer(0)
    await first
    await Bun.sleep(80)
    const second = ask()
    await Bun.sleep(5)
    answer(1)
    expect(await second).toBe('answer 1')
  })

  test.each([
    'LOADING Redis is loading the dataset in memory',
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    'MISCONF Redis is configured to save RDB snapshots',
    'NOAUTH Authentication required.',
  ])('counts as gone when Redis says %s', async (message) => {
    const asked = ask()
    sent[0]?.reject(new Error(message))
    expect(await asked).toBe('gone')
  })

  test('sends a script whole when Redis does not know it', async () => {
    const asked = link.run(ADMIT, ['a', 'b'], ['c'])
    expect(sent[0]?.command).toEqual(['EVALSHA', ADMIT.sha, '2', 'a', 'b', 'c'])
    sent[0]?.reject(new Error('NOSCRIPT No matching script.'))
    await Bun.sleep(0)
    expect(sent[1]?.command).toEqual(['EVAL', ADMIT.source, '2', 'a', 'b', 'c'])
    answer(1)
    expect(await asked).toBe('answer 1')
  })
})
