import { writeFileSync } from 'node:fs'
import { arch, cpus, release } from 'node:os'
import { bench, type Outcome } from './bench.ts'
import { type Options, parseOptions, UsageError, usage } from './options.ts'
import { METHOD, renderRatios, renderTable, renderVerdicts } from './report.ts'

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))
process.exit(await main(process.argv.slice(2)))

async function main(args: string[]): Promise<number> {
  try {
    const options = parseOptions(args)
    if (!options) {
      process.stdout.write(usage)
      return 0
    }
    const outcome = await bench(options, (step) => process.stderr.write(`... ${step}\n`))
    process.stdout.write(`${render(options, outcome)}\n`)
    if (options.json) writeFileSync(options.json, toJson(options, outcome))
    return outcome.verdicts.every(({ pass }) => pass) ? 0 : 1
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`bench: ${message}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU'
  return `Bun ${Bun.version}, ${cpus().length} x ${model}, ${process.platform} ${release()} ${arch()}`
}

function render(options: Options, outcome: Outcome): string {
  const { notes, samples, ratios, verdicts } = outcome
  const rounds = `${options.rounds} rounds${options.quick ? ', quick: a smoke test only' : ''}`
  const floors = verdicts.length > 0 ? renderVerdicts(verdicts) : 'floors: not measured in this run'
  const parts = [machine(), rounds, ...notes, '', renderTable(samples), '', METHOD, '']
  return [...parts, renderRatios(ratios), '', floors].join('\n')
}

function toJson(options: Options, outcome: Outcome): string {
  const { samples, findings, ...rest } = outcome
  const scenarios = Object.fromEntries(findings)
  const targets = Object.fromEntries(samples)
  return `${JSON.stringify({ machine: machine(), options, ...rest, targets, scenarios }, null, 2)}\n`
}
