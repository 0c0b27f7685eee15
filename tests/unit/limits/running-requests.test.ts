import { beforeEach, describe, expect, test } from 'bun:test'
import { NOTHING } from '../../../app/domain/limit.ts'
import type { Reservation } from '../../../app/limits/limiter.ts'
import { createLocalLimiter } from '../../../app/limits/local-limiter.ts'
import { RedisGoneError } from '../../../app/limits/redis-link.ts'
import {
  createRunningRequests,
  type RunningRequests,
} from '../../../app/limits/running-requests.ts'
import { createClock } from '../support/clock.ts'
import { limitOf, needing } from './limit-states.ts'

const limits = [limitOf()]
const reservation = (id: string): Reservation => ({ id, granted: NOTHING, limits })
const admission = (id: string) => ({ id, limits, demands: needing() })

const local = createLocalLimiter({
  place: { rank: 0, count: 1 },
  lastSeen: () => undefined,
  rebuild: async () => [],
  clock: createClock(),
  running: [],
})

/** What Redis got, a line each. */
let got: string[]
let onKeep: () => void
let adopting: PromiseWithResolvers<void> | undefined
let running: RunningRequests

beforeEach(() => {
  got = []
  onKeep = () => {}
  adopting = undefined
  running = createRunningRequests({
    async adopt({ id }) {
      got.push(`adopt ${id}`)
      await adopting?.promise
    },
    async cancel({ id }) {
      got.push(`cancel ${id}`)
    },
    async keep(reservations) {
      got.push(`keep ${reservations.map(({ id }) => id)}`)
      onKeep()
      return []
    },
  })
})

const told = (): string[] => got.splice(0)

describe('running requests', () => {
  test('that Redis let in are not told to it', async () => {
    running.add(reservation('a'), null)
    await running.tellAll()
    expect(told()).toEqual([])
  })

  test('that were let in without it are told to it once', async () => {
    running.add(reservation('a'), local)
    running.add(reservation('b'), null)
    await running.tellAll()
    await running.tellAll()
    expect(told()).toEqual(['adopt a'])
  })

  test('are told again when Redis did not answer', async () => {
    running.add(reservation('a'), local)
    adopting = Promise.withResolvers()
    adopting.reject(new RedisGoneError('gone'))
    await expect(running.tellAll()).rejects.toThrow(RedisGoneError)
    adopting = undefined
    await running.tellAll()
    expect(told()).toEqual(['adopt a', 'adopt a'])
  })

  test('are told once though two want it at a time', async () => {
    running.add(reservation('a'), local)
    adopting = Promise.withResolvers()
    const all = running.tellAll()
    const ended = running.take('a')
    const one = ended && running.tell(ended)
    adopting.resolve()
    await Promise.all([all, one])
    expect(told()).toEqual(['adopt a'])
  })

  test('are taken back from Redis first where it gave no answer', async () => {
    running.doubt(admission('a'))
    running.doubt(admission('b'))
    running.add(reservation('a'), local)
    await running.tellAll()
    await running.tellAll()
    expect(told()).toEqual(['cancel a', 'cancel b', 'adopt a'])
  })

  test('are told when Redis has lost them, also those that it may have let in since', async () => {
    running.add(reservation('old'), null)
    running.add(reservation('new'), null)
    await running.tellAll()
    running.distrustAll()
    await running.tellAll()
    expect(told()).toEqual(['adopt old', 'adopt new'])
  })

  test('are renewed fifty at a time, without those that end meanwhile', async () => {
    for (let i = 0; i < 120; i++) running.add(reservation(`${i}`), null)
    onKeep = () => {
      running.take('60')
    }
    await running.renew()
    const kept = told().map((line) => line.slice('keep '.length).split(','))
    expect(kept.map(({ length }) => length)).toEqual([50, 49, 20])
    expect(kept.flat()).not.toContain('60')
  })

  test('end once', () => {
    running.add(reservation('a'), null)
    expect(running.take('a')?.reservation.id).toBe('a')
    expect(running.take('a')).toBeUndefined()
    expect(running.list()).toEqual([])
  })
})
