import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createSilence, type Silence } from '../../../app/limits/silence.ts'

const START = 1000

/** A server that owes an answer since START. */
function owing(): Silence {
  const silence = createSilence()
  silence.begin(START)
  return silence
}

/** Looks after each of these waits in turn, then every 5 ms; tells after how many ms it was gone. */
function goneAfter(silence: Silence, waits: readonly number[] = [], since = START): number {
  const left = [...waits]
  for (let at = since; at < since + 10_000; ) {
    at += left.shift() ?? 5
    if (silence.look(at, since)) return at - since
  }
  throw new Error('it is never gone')
}

describe('a server that owes an answer', () => {
  test('is gone when it has been silent for 40 ms', () => {
    expect(goneAfter(owing())).toBe(40)
    expect(goneAfter(owing(), [20, 20])).toBe(40)
  })

  test('is looked at every 5 ms, and no later than when the 40 ms are over', () => {
    const silence = owing()
    expect(silence.nextLookMs).toBe(5)
    expect([silence.look(START + 18, START), silence.nextLookMs]).toEqual([false, 5])
    expect([silence.look(START + 38, START), silence.nextLookMs]).toEqual([false, 2])
    expect([silence.look(START + 40, START), silence.ms]).toEqual([true, 40])
  })

  test('is not gone while something is heard from it now and then', () => {
    const silence = owing()
    for (let at = START + 5; at < START + 5000; at += 5) {
      expect(silence.look(at, START)).toBe(false)
      if (at % 35 === 0) silence.heard(at)
    }
  })

  test('is not gone for the time in which it owed nothing', () => {
    const silence = owing()
    silence.heard(START + 10)
    expect(silence.look(START + 20, START + 18)).toBe(false)
    expect(silence.ms).toBe(2)
    silence.begin(START + 5000)
    expect(goneAfter(silence, [], START + 5000)).toBe(40)
  })
})

describe('where this process is kept from running, a server', () => {
  const delay = fc.integer({ min: 1, max: 5000 })

  test('has 20 ms or more to be heard after a delay, however long that was', () => {
    fc.assert(
      fc.property(delay, (ms) => {
        expect(goneAfter(owing(), [ms])).toBeGreaterThanOrEqual(ms + 20)
      }),
    )
  })

  test('is given twice the time by which looks were late', () => {
    expect(goneAfter(owing(), [60])).toBe(120)
    expect(goneAfter(owing(), [60, 30])).toBe(140)
  })

  test('is gone after half a second of silence all the same', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 600 }), (waits) => {
        expect(goneAfter(owing(), waits)).toBeLessThan(600)
      }),
    )
  })

  test('has 40 ms again when half a second has passed without a delay', () => {
    const silence = owing()
    silence.look(START + 200, START)
    silence.heard(START + 200)
    for (let ms = 205; ms < 700; ms += 5) {
      expect(silence.look(START + ms, START)).toBe(false)
      silence.heard(START + ms)
    }
    silence.begin(START + 700)
    expect(goneAfter(silence, [], START + 700)).toBe(40)
  })
})
