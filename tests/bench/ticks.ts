import type { Mock } from './mock.ts'

/** When each tick was meant to be, in `performance.now()` milliseconds. */
export type Schedule = (tick: number) => number

/**
 * Calls `onTick` `count` times, `gapMicros` apart. The upstream keeps the time, because timers of a
 * JavaScript loop are a millisecond coarse. The intended times are those of the earliest-looking
 * tick, so that a late tick counts as delay of what it started.
 */
export async function everyTick(
  mock: Mock,
  gapMicros: number,
  count: number,
  onTick: (tick: number) => void,
): Promise<Schedule> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let tick = 0
  let base = Number.POSITIVE_INFINITY
  const socket = await Bun.connect({
    hostname: mock.url.hostname,
    port: Number(mock.url.port),
    socket: {
      open: (opened) => void opened.write(`GET /ticks/${gapMicros} HTTP/1.1\r\n\r\n`),
      data(_, data) {
        for (let i = 0; i < data.length && tick < count; i++) {
          base = Math.min(base, performance.now() - (tick * gapMicros) / 1000)
          onTick(tick++)
        }
        if (tick === count) resolve()
      },
      close: () => reject(new Error('the simulated upstream stopped ticking')),
    },
  })
  await promise
  socket.terminate()
  return (index) => base + (index * gapMicros) / 1000
}
