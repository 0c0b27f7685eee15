import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROGRAM } from '../../support/cli-program.ts'
import type { Figure } from './figure.ts'
import { type Extent, fillForDays } from './fill.ts'
import type { Store } from './stores.ts'

const ASKED_MB = 96
const MB = 1e6
const FORMATS = ['json', 'csv']
const POLL_MS = 5

/** Fills the ledger, and says how much more memory `usage export` takes for all of it than for nothing. */
export async function measureExport(store: Store, extent: Extent): Promise<Figure[]> {
  await fillForDays(store.handle, extent)
  const folder = await mkdtemp(join(tmpdir(), 'parallama-export-'))
  const run = (format: string, range: string[]): Promise<Run> =>
    exported(store.url, ['--all', format, '--output', join(folder, format), '--force', ...range])
  try {
    const nothing = await run('json', ['--from', '2020-01-01', '--to', '2020-01-01'])
    const figures: Figure[] = []
    for (const format of FORMATS) {
      const { maxRss, seconds } = await run(format, ['--days', String(extent.days + 2)])
      const above = (maxRss - nothing.maxRss) / MB
      figures.push({
        store: store.kind,
        name: `RSS above idle, ${extent.rows} rows as ${format}`,
        asked: `<= ${ASKED_MB} MB`,
        reached: `${above.toFixed(0)} MB above ${(nothing.maxRss / MB).toFixed(0)} MB, ${seconds.toFixed(1)} s`,
        ok: above <= ASKED_MB,
      })
    }
    return figures
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Run = { maxRss: number; seconds: number }

async function exported(url: string, args: string[]): Promise<Run> {
  const started = performance.now()
  const child = Bun.spawn([...PROGRAM, 'usage', 'export', ...args], {
    env: { PATH: process.env.PATH ?? '', PARALLAMA_DATABASE_URL: url },
    stdout: 'inherit',
    stderr: 'inherit',
  })
  let maxRss = 0
  const poll = setInterval(() => {
    maxRss = Math.max(maxRss, peakOf(child.pid))
  }, POLL_MS)
  const code = await child.exited
  clearInterval(poll)
  if (code !== 0) throw new Error('the export failed')
  return { maxRss, seconds: (performance.now() - started) / 1000 }
}

/** The most memory that a process has had, in bytes (Linux). What `wait` tells of a child begins with its parent's. */
function peakOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
