import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import { createLiveSetup } from './live-setup.ts'

describe('a request is cut', () => {
  test('when nothing has come for longer than the first byte may take, and not before', async () => {
    const { live, clock, add } = createLiveSetup()
    const { codes, cuts } = add()
    clock.advance(600)
    await live.sweep()
    expect(codes()).toEqual([])
    clock.advance(1)
    await live.sweep()
    expect(codes()).toEqual(['upstream_timeout'])
    expect(cuts[0]).toMatchObject({ status: 504, message: expect.stringContaining('begin') })
  })

  test('when it falls silent in the middle, each piece beginning the wait anew', async () => {
    const { live, clock, add } = createLiveSetup()
    const { handle, codes, cuts } = add()
    for (let i = 0; i < 5; i++) {
      clock.advance(300)
      handle.progress()
      await live.sweep()
    }
    clock.advance(300)
    await live.sweep()
    expect(codes()).toEqual([])
    clock.advance(1)
    await live.sweep()
    expect(cuts[0]?.message).toContain('in the middle')
  })

  test('when it takes too long in all, though it never falls silent', async () => {
    const { live, clock, add } = createLiveSetup()
    const [bounded, unbounded] = [add(), add({ hasDeadline: false })]
    for (let i = 0; i < 36; i++) {
      clock.advance(100)
      bounded.handle.progress()
      unbounded.handle.progress()
      await live.sweep()
    }
    expect(bounded.codes()).toEqual([])
    clock.advance(1)
    await live.sweep()
    expect([bounded.codes(), unbounded.codes()]).toEqual([['upstream_timeout'], []])
    expect(bounded.cuts[0]?.message).toContain('longer than is allowed')
  })

  test('once, and is no longer there afterwards', async () => {
    const { live, clock, add } = createLiveSetup()
    const { codes } = add()
    expect(live.size).toBe(1)
    clock.advance(10_000)
    await live.sweep()
    await live.sweep()
    await live.recheckAll()
    live.cutAll()
    expect(codes()).toEqual(['upstream_timeout'])
    expect(live.size).toBe(0)
  })

  test('never after it has ended', async () => {
    const { live, clock, add } = createLiveSetup(async () => null)
    const { handle, codes } = add()
    handle.end()
    handle.end()
    clock.advance(10_000)
    await live.sweep()
    await live.recheckAll()
    live.cutAll()
    expect([codes(), live.size]).toEqual([[], 0])
  })

  test('when the process goes away, all of them', () => {
    const { live, add } = createLiveSetup()
    const requests = [add(), add({ hasDeadline: false })]
    live.cutAll()
    expect(requests.map(({ codes }) => codes())).toEqual([['shutting_down'], ['shutting_down']])
  })

  test('when it has used the compute time that the limits of its caller leave', async () => {
    const { live, clock, add } = createLiveSetup()
    const spent = (usedMs: number, at: number) =>
      new GatewayError('limit_reached', `${usedMs} ms used at ${at}`)
    const [bounded, free] = [add({ compute: { ms: 200, extend() {}, spent } }), add()]
    clock.advance(200)
    await live.sweep()
    expect(bounded.codes()).toEqual([])
    clock.advance(1)
    await live.sweep()
    expect(bounded.cuts.map(({ message }) => message)).toEqual([`201 ms used at ${clock.now()}`])
    expect(free.codes()).toEqual([])
  })
})

describe('a caller who waits', () => {
  test('is told after so much silence, and again after as much more', async () => {
    const { live, clock, add } = createLiveSetup()
    let beats = 0
    const { handle } = add({ onSilence: () => void beats++ })
    const seen: number[] = []
    for (const step of [99, 1, 99, 1, 50]) {
      clock.advance(step)
      await live.sweep()
      seen.push(beats)
    }
    expect(seen).toEqual([0, 1, 1, 2, 2])
    handle.progress()
    handle.told()
    clock.advance(99)
    await live.sweep()
    expect(beats).toBe(2)
    clock.advance(1)
    await live.sweep()
    expect(beats).toBe(3)
  })

  test('is told although Ollama goes on, when nothing of it reaches them', async () => {
    const { live, clock, add } = createLiveSetup()
    let beats = 0
    const { handle } = add({ onSilence: () => void beats++ })
    for (let i = 0; i < 20; i++) {
      clock.advance(10)
      handle.progress()
      await live.sweep()
    }
    expect(beats).toBe(2)
  })

  test('is told nothing when the time is up, or the request over', async () => {
    const { live, clock, add } = createLiveSetup()
    let beats = 0
    const onSilence = () => void beats++
    const over = add({ onSilence })
    over.handle.end()
    add({ onSilence })
    clock.advance(601)
    await live.sweep()
    expect(beats).toBe(0)
  })
})
