import { describe, expect, test } from 'bun:test'
import { createRevocationWatch } from '../../../app/services/revocation.ts'
import { settled } from '../support/byte-stream.ts'
import { createClock } from '../support/clock.ts'
import { memoryLog } from '../support/memory-log.ts'

function setUp() {
  const clock = createClock()
  const log = memoryLog()
  const done: string[] = []
  const state = {
    readRevision: async (): Promise<number> => 1,
    recheckLive: async (): Promise<void> => {},
  }
  const watch = createRevocationWatch({
    readRevision: () => {
      done.push('read')
      return state.readRevision()
    },
    forget: () => void done.push('forget'),
    recheckLive: () => {
      done.push('recheck')
      return state.recheckLive()
    },
    clock,
    log,
  })
  return { watch, clock, log, state, done, messages: () => log.entries.map((e) => e.message) }
}

const down = (): Promise<number> => Promise.reject(new Error('connection refused'))

describe('a change', () => {
  test('makes cached principals be forgotten first and live requests be checked then', async () => {
    const { watch, state, done } = setUp()
    await watch.check()
    done.length = 0
    state.readRevision = async () => 2
    await watch.check()
    expect(done).toEqual(['read', 'forget', 'recheck'])
  })

  test('is acted upon once', async () => {
    const { watch, state, done } = setUp()
    await watch.check()
    done.length = 0
    state.readRevision = async () => 2
    for (let i = 0; i < 5; i++) await watch.check()
    expect(done.filter((what) => what === 'forget')).toHaveLength(1)
  })

  test('is seen when the revision goes back too: a backup was restored', async () => {
    const { watch, state, done } = setUp()
    await watch.check()
    done.length = 0
    state.readRevision = async () => 0
    await watch.check()
    expect(done).toContain('forget')
  })

  test('is supposed at the first look: it may have been made before', async () => {
    const { watch, done } = setUp()
    await watch.check()
    expect(done).toEqual(['read', 'forget', 'recheck'])
  })

  test('that could not be checked on live requests is checked again at the next look', async () => {
    const { watch, state, done } = setUp()
    await watch.check()
    done.length = 0
    state.readRevision = async () => 2
    state.recheckLive = () => Promise.reject(new Error('database is locked'))
    await watch.check()
    state.recheckLive = async () => {}
    await watch.check()
    await watch.check()
    expect(done.filter((what) => what === 'recheck')).toHaveLength(2)
  })

  test('that is made while a look is under way is seen by the look that is asked for then', async () => {
    const { watch, state, done } = setUp()
    await watch.check()
    done.length = 0
    const gate = Promise.withResolvers<number>()
    state.readRevision = () => gate.promise
    const early = watch.check()
    await settled()
    state.readRevision = async () => 2
    const late = [watch.check(), watch.check(), watch.check()]
    gate.resolve(1)
    await early
    await Promise.all(late)
    expect(done).toEqual(['read', 'read', 'forget', 'recheck'])
  })
})

describe('while the database does not answer', () => {
  test('cached principals serve for a minute, then nobody does', async () => {
    const { watch, clock, state, done, messages } = setUp()
    await watch.check()
    done.length = 0
    state.readRevision = down
    clock.advance(64_999)
    await watch.check()
    expect(done).not.toContain('forget')
    clock.advance(1)
    await watch.check()
    expect(done).toContain('forget')
    await watch.check()
    const refusals = messages().filter((message) => message.includes('refusing all'))
    expect(refusals).toHaveLength(1)
  })

  test('nobody is let in from memory though the question hangs instead of failing', async () => {
    const { watch, clock, state, done } = setUp()
    await watch.check()
    done.length = 0
    state.readRevision = () => new Promise(() => {})
    for (let second = 0; second < 67; second++) {
      void watch.check()
      await settled()
      clock.advance(1000)
    }
    expect(done).toContain('forget')
  })

  test('and answers again, it is said so, and a change meanwhile is acted upon', async () => {
    const { watch, clock, state, done, messages } = setUp()
    await watch.check()
    done.length = 0
    state.readRevision = down
    clock.advance(65_000)
    await watch.check()
    state.readRevision = async () => 2
    await watch.check()
    expect(messages().at(-1)).toBe('the database answers again')
    expect(done.slice(-2)).toEqual(['forget', 'recheck'])
  })

  test('the log is not flooded: an outage of minutes is a few lines, not one for each look', async () => {
    const { watch, clock, state, messages } = setUp()
    await watch.check()
    state.readRevision = down
    for (let looks = 0; looks < 4 * 120; looks++) {
      clock.advance(250)
      await watch.check()
    }
    expect(messages().length).toBeLessThanOrEqual(5)
  })
})
