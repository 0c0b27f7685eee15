import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostgres, findRedis } from '../support/servers/binaries.ts'
import { anthropic } from './dialects/anthropic.ts'
import type { Dialect } from './dialects/dialect.ts'
import { openai } from './dialects/openai.ts'
import { watchDisturbance } from './disturbance.ts'
import { judgeRatios, type Ratio, ratios } from './floors.ts'
import { FULL, measure, QUICK, type Samples } from './measure.ts'
import { compileMock, type Mock, type MockShape, startMock } from './mock.ts'
import type { Options } from './options.ts'
import { type Pinning, pinToLoadCore } from './pinning.ts'
import { runAborts } from './scenarios/aborts.ts'
import { runAccessTokens } from './scenarios/access-tokens.ts'
import { runLoginTiming } from './scenarios/login-timing.ts'
import { runLogins } from './scenarios/logins.ts'
import { runQuiet } from './scenarios/quiet.ts'
import { runRedis } from './scenarios/redis.ts'
import { runRevocation } from './scenarios/revocation.ts'
import type { Finding, Stage, StartTarget, Stoppable, Verdict } from './scenarios/scenario.ts'
import { startBare } from './targets/bare.ts'
import { inWordsOf } from './targets/dialect.ts'
import { startDirect } from './targets/direct.ts'
import { findNginx, startNginx } from './targets/nginx.ts'
import { startParallama, startWithLimits, startWithRedis } from './targets/parallama.ts'
import type { Target } from './targets/target.ts'

const STARTERS: Record<string, StartTarget> = {
  bare: startBare,
  nginx: startNginx,
  parallama: startParallama,
  'limits-memory': startWithLimits,
  'limits-redis': startWithRedis,
}
/** Targets that are `parallama` itself, asked for chats in other words. */
const DIALECTS: Record<string, Dialect> = { openai, anthropic }
/** What has to be installed for a target, if that is more than Bun and a C compiler. */
const SERVERS: Record<string, { name: string; find: () => string | undefined }> = {
  nginx: { name: 'nginx', find: findNginx },
  'limits-redis': { name: 'Redis', find: findRedis },
}
const SCENARIOS: Record<string, (stage: Stage) => Promise<Finding>> = {
  quiet: runQuiet,
  aborts: runAborts,
  logins: runLogins,
  'login-timing': runLoginTiming,
  'access-tokens': runAccessTokens,
  redis: runRedis,
  revocation: runRevocation,
}

/** Everything a run found. `notes` are what a reader must know before trusting the figures. */
export type Outcome = {
  notes: string[]
  samples: Map<string, Samples>
  ratios: Ratio[]
  findings: Map<string, Finding>
  verdicts: Verdict[]
}

type Bench = { dir: string; binary: string; pinning: Pinning; options: Options; say: Say }
type Say = (step: string) => void

/** Runs what the options ask for. Whatever it starts is stopped again, also when it throws. */
export async function bench(options: Options, say: Say): Promise<Outcome> {
  const dir = mkdtempSync(join(tmpdir(), 'parallama-bench-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  const pinning = pinToLoadCore()
  const run: Bench = { dir, binary: await compileMock(dir), pinning, options, say }
  const { samples, notes } = await compareTargets(run)
  const findings = new Map<string, Finding>()
  for (const name of options.scenarios) {
    const missing = await missingFor(name)
    if (missing) {
      notes.push(`${missing} is not installed: scenario ${name} left out`)
      continue
    }
    say(`scenario ${name}`)
    findings.set(name, await playScenario(run, name))
  }
  const compared = ratios(samples)
  const found = [...findings.values()].flatMap(({ verdicts }) => verdicts)
  const verdicts = [...judgeRatios(compared), ...found]
  return { notes: [pinning.note, ...notes], samples, ratios: compared, findings, verdicts }
}

async function compareTargets(run: Bench) {
  const { options, say } = run
  const notes: string[] = []
  const installed = options.targets.filter((name) => {
    const server = SERVERS[name]
    if (!server || server.find()) return true
    notes.push(`${server.name} is not installed: ${name} left out`)
    return false
  })
  const samples = await onStage(run, 'compare', async ({ mock, target }) => {
    const upstream = await mock({ model: 'bench:latest', chunks: 256, gapMicros: 4000 })
    const targets = [await target(startDirect, [upstream])]
    for (const name of installed) targets.push(await target(starter(name, targets), [upstream]))
    const effort = options.quick ? QUICK : FULL
    const disturbance = watchDisturbance(targets)
    const { rounds } = options
    const measured = await measure({ targets, mock: upstream, effort, rounds, progress: say })
    notes.push(disturbance())
    return measured
  })
  return { samples, notes }
}

/** The server that a scenario lacks here, if any. */
async function missingFor(scenario: string): Promise<string | undefined> {
  const takesRedis = scenario === 'redis' || scenario === 'revocation'
  if (takesRedis && !findRedis()) return 'Redis'
  if (scenario === 'revocation' && !(await findPostgres())) return 'PostgreSQL'
  return undefined
}

function playScenario(run: Bench, name: string): Promise<Finding> {
  const play = SCENARIOS[name]
  if (!play) throw new Error(`no scenario ${name}`)
  return onStage(run, name, ({ mock, target, keep }) => {
    const startTarget: Stage['startTarget'] = (upstreams, start = startParallama) =>
      target(start, upstreams)
    return play({ startMock: mock, startTarget, keep, quick: run.options.quick })
  })
}

function starter(name: string, running: Target[]): StartTarget {
  const dialect = DIALECTS[name]
  const parallama = running.find((target) => target.name === 'parallama')
  if (dialect && parallama) return async () => inWordsOf(dialect, parallama)
  const start = STARTERS[name]
  if (!start) throw new Error(`no target ${name}`)
  return start
}

type Starts = {
  mock: (shape: MockShape) => Promise<Mock>
  target: (start: StartTarget, upstreams: Mock[]) => Promise<Target>
  keep: Stage['keep']
}

/** Gives `act` ways to start things, and stops them all in reverse when it is over. */
async function onStage<T>(run: Bench, name: string, act: (starts: Starts) => Promise<T>) {
  const dir = mkdtempSync(join(run.dir, `${name}-`))
  const started: Stoppable[] = []
  const keep = <S extends Stoppable>(thing: S): S => {
    started.unshift(thing)
    return thing
  }
  try {
    return await act({
      keep,
      mock: async (shape) => keep(await startMock(run.binary, dir, shape)),
      target: async (start, upstreams) =>
        keep(await start({ dir, pin: run.pinning.prefix, upstreams })),
    })
  } finally {
    for (const thing of started) await thing.stop()
  }
}
