import { describe, expect, test } from 'bun:test'
import { availableParallelism } from 'node:os'
import { createLoginTurns, createTurns } from '../../../app/auth/turns.ts'

const CORES = availableParallelism()
const QUEUE = 64

/** Resolves after everything that is due in this round of the event loop. */
const nextRound = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('turns', () => {
  test.each([
    ['passwords', createTurns],
    ['logins', createLoginTurns],
  ])('of %s: one per core at a time, and 64 wait; more come back later', async (_, create) => {
    const inTurn = create()
    const ends: (() => void)[] = []
    const task = () => new Promise<void>((resolve) => ends.push(resolve))
    const asked = Array.from({ length: CORES + QUEUE }, () => inTurn(task))
    expect(await inTurn(task).catch((err: unknown) => err)).toMatchObject({
      code: 'busy',
      status: 503,
      headers: { 'retry-after': '1' },
    })
    expect(ends).toHaveLength(CORES)
    while (ends.length > 0) {
      ends.shift()?.()
      await nextRound()
      expect(ends.length).toBeLessThanOrEqual(CORES)
    }
    await Promise.all(asked)
  })

  test('that fail are over like the others', async () => {
    const inTurn = createTurns()
    for (let i = 0; i < CORES + 1; i++) {
      const failing = inTurn(() => Promise.reject(new Error('no')))
      await expect(failing).rejects.toThrow('no')
    }
    expect(await inTurn(async () => 'in')).toBe('in')
  })

  test('of logins that come at once leave room for what else there is to do', async () => {
    const inTurn = createLoginTurns()
    let logins = 0
    const asked = Array.from({ length: 8 }, () => inTurn(async () => logins++))
    for (let round = 1; round <= 4; round++) {
      await nextRound()
      expect(logins).toBeLessThanOrEqual(round)
    }
    await Promise.all(asked)
    expect(logins).toBe(8)
  })
})
