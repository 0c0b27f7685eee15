import { parseArgs } from 'node:util'

const TARGETS = [
  'bare',
  'nginx',
  'parallama',
  'openai',
  'anthropic',
  'limits-memory',
  'limits-redis',
]
/** Targets that are a running `parallama`, asked in other words. */
const DIALECTS = ['openai', 'anthropic']
/** Which target has to be asked for. */
const SCENARIOS = {
  quiet: 'parallama',
  aborts: 'parallama',
  logins: 'parallama',
  'login-timing': 'parallama',
  'access-tokens': 'parallama',
  redis: 'limits-redis',
  revocation: 'limits-redis',
}

/** What the command line asks for. */
export type Options = {
  targets: string[]
  scenarios: string[]
  rounds: number
  quick: boolean
  json: string | undefined
}

/** A command line that can't be followed: exit 2. */
export class UsageError extends Error {}

export const usage = `Usage: bun run bench [flags]

Measures what a proxy costs between a client and Ollama, against a simulated upstream.

  --targets LIST    of ${TARGETS.join(', ')} 
                    (default: all that are installed; openai and anthropic are parallama asked
                    in their words, and go with it)
  --scenarios LIST  of ${Object.keys(SCENARIOS).join(', ')},
                    or none; the last two go with limits-redis, the others with parallama
                    (default: all whose target is measured)
  --rounds N        interleaved rounds (default 5, with --quick 2)
  --quick           shorter phases; medians of a smoke test, not of a measurement
  --json FILE       also write every figure to FILE
  --help
`

/** Reads the flags; undefined when help is asked for. Throws UsageError on anything else. */
export function parseOptions(args: string[]): Options | undefined {
  const flags = readFlags(args)
  if (flags.help) return undefined
  const quick = flags.quick ?? false
  const targets = list('--targets', flags.targets, TARGETS)
  checkDialects(targets)
  const scenarios = wantedScenarios(flags.scenarios, targets)
  return { targets, scenarios, rounds: rounds(flags.rounds, quick), quick, json: flags.json }
}

function readFlags(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        targets: { type: 'string' },
        scenarios: { type: 'string' },
        rounds: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function wantedScenarios(given: string | undefined, targets: string[]): string[] {
  if (given === 'none') return []
  const known = Object.entries(SCENARIOS)
  const wanted = list(
    '--scenarios',
    given,
    known.map(([name]) => name),
  )
  return known.flatMap(([name, target]) =>
    wanted.includes(name) && targets.includes(target) ? [name] : [],
  )
}

function checkDialects(targets: string[]): void {
  const alone = targets.includes('parallama')
    ? undefined
    : targets.find((t) => DIALECTS.includes(t))
  if (alone) throw new UsageError(`--targets: "${alone}" is read through parallama: add that`)
}

function list(flag: string, given: string | undefined, known: string[]): string[] {
  if (given === undefined) return known
  const names = given.split(',')
  const wrong = names.find((name) => !known.includes(name))
  if (wrong === undefined) return known.filter((name) => names.includes(name))
  throw new UsageError(`${flag}: "${wrong}" is not one of ${known.join(', ')}`)
}

function rounds(given: string | undefined, quick: boolean): number {
  if (given === undefined) return quick ? 2 : 5
  const count = Number(given)
  if (Number.isInteger(count) && count > 0 && count <= 100) return count
  throw new UsageError(`--rounds: "${given}" is not a whole number from 1 to 100`)
}
