import { join } from 'node:path'
import { startChild, stopChild, untilReady } from './child.ts'

/** Counters of the simulated upstream since its start; `open` includes idle connections. */
export type MockStats = {
  open: number
  requests: number
  streams: number
  completed: number
  aborted: number
}

/** A running simulated upstream. */
export type Mock = {
  url: URL
  model: string
  stats: () => Promise<MockStats>
  stop: () => Promise<void>
}

/** How the simulated upstream streams. `quiet` sends one record and then falls silent. */
export type MockShape = { model: string; chunks: number; gapMicros: number; quiet?: boolean }

/** Compiles the simulated upstream into `dir`. Throws when there is no C compiler. */
export async function compileMock(dir: string): Promise<string> {
  const compiler = Bun.which('gcc') ?? Bun.which('cc')
  if (!compiler) throw new Error('the simulated upstream is in C: install gcc, then run this again')
  const binary = join(dir, 'mock-upstream')
  const source = join(import.meta.dir, 'mock-upstream.c')
  const built = Bun.spawnSync([compiler, '-O2', '-Wall', '-o', binary, source])
  if (!built.success) throw new Error(`compiling ${source}:\n${built.stderr.toString()}`)
  return binary
}

/** Starts one simulated upstream on a free port. */
export async function startMock(binary: string, dir: string, shape: MockShape): Promise<Mock> {
  const { model, chunks, gapMicros, quiet } = shape
  const mode = quiet ? ['quiet'] : []
  const log = join(dir, `mock-${model.replaceAll(':', '-')}.log`)
  const child = startChild([binary, model, String(chunks), String(gapMicros), ...mode], log)
  const port = await untilReady(child, 'the simulated upstream', async () => {
    return /^(\d+)\n/.exec(await child.output())?.[1]
  })
  const url = new URL(`http://127.0.0.1:${port}`)
  const stats = async () => (await (await fetch(new URL('/stats', url))).json()) as MockStats
  return { url, model, stats, stop: () => stopChild(child) }
}
