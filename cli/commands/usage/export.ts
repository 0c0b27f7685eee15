import type { UsageRecord } from '../../../app/domain/usage.ts'
import { withAdmin } from '../../admin.ts'
import { type CommandIo, command } from '../../command.ts'
import { UsageError } from '../../errors.ts'
import { csvLine } from './csv.ts'
import { mayReplace, writeWhole } from './export-file.ts'
import { filterArgs, rangeOf } from './range-args.ts'

const DEFAULT_DAYS = 30
const FORMATS = ['json', 'csv']

type Row = UsageRecord & { readonly username: string }
type Pages = AsyncIterable<readonly Row[]>

const FIELDS = [
  ...(['id', 'requestId', 'username', 'userId', 'keyId', 'gateway', 'operation', 'model'] as const),
  ...(['backend', 'promptTokens', 'completionTokens', 'estimated', 'queueMs', 'loadMs'] as const),
  ...(['computeMs', 'firstTokenMs', 'totalMs', 'status', 'outcome', 'errorCode'] as const),
] as const

export const usageExport = command({
  meta: {
    name: 'export',
    description: 'Write out every request of a user, or with --all of everybody, the oldest first',
    examples: [
      'parallama usage export anna csv --output anna.csv --gateway ollama --model llama2',
      'parallama usage export --all json --from 2026-11-01 --to 2026-11-30',
    ],
  },
  args: {
    name: { type: 'positional', description: 'the user name; with --all the format' },
    format: { type: 'positional', required: false, description: 'json or csv' },
    all: { type: 'boolean', description: 'of everybody' },
    output: { type: 'string', valueHint: 'file', description: 'write it into this file' },
    force: { type: 'boolean', description: 'replace the file if there is one' },
    ...filterArgs,
  },
  async run({ args, io, out }) {
    const { gateway, model, output } = args
    const [username, format] = args.all ? [undefined, args.name] : [args.name, args.format]
    if (args.all && args.format !== undefined)
      throw new UsageError('give a name or --all, not both')
    if (format === undefined || !FORMATS.includes(format)) {
      throw new UsageError(`the format must be json or csv${format ? `, not "${format}"` : ''}`)
    }
    if (args.force && output === undefined) throw new UsageError('--force needs --output')
    if (args.json && output === undefined && format !== 'json') {
      throw new UsageError("csv can't be given together with --json, unless with --output")
    }
    const range = rangeOf(args, DEFAULT_DAYS)
    if (output !== undefined) await mayReplace(io, output, args.force === true)
    const progress = createProgress(io, output !== undefined)
    await withAdmin(args, async ({ usage }) => {
      const pages = progress.of(usage.export({ username, gateway, model, range }))
      const texts = format === 'csv' ? csvOf(pages) : jsonOf(pages)
      if (output !== undefined) return await writeWhole(output, texts)
      for await (const text of texts) {
        io.stdout.write(text)
        await io.stdout.flush()
      }
    }).finally(progress.end)
    if (output === undefined) return
    const requests = progress.rows()
    if (args.json) out.record({ file: output, format, requests })
    else out.message(`${requests} requests are in ${output}.`)
  },
})

/** Counts what was written, and tells it on a terminal when it goes elsewhere. */
function createProgress({ stderr }: CommandIo, isElsewhere: boolean) {
  const isTold = isElsewhere && stderr.isTTY
  let rows = 0
  return {
    rows: () => rows,
    async *of(pages: Pages): Pages {
      for await (const page of pages) {
        yield page
        rows += page.length
        if (isTold) stderr.write(`\r${rows} requests`)
      }
    },
    /** So that what is said next has a line of its own. */
    end(): void {
      if (isTold && rows > 0) stderr.write('\n')
    },
  }
}

async function* csvOf(pages: Pages): AsyncIterable<string> {
  yield csvLine([...FIELDS, 'startedAt', 'endedAt'])
  for await (const rows of pages) {
    yield rows
      .map((row) =>
        csvLine([...FIELDS.map((name) => row[name]), iso(row.startedAt), iso(row.endedAt)]),
      )
      .join('')
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()

async function* jsonOf(pages: Pages): AsyncIterable<string> {
  let before = '['
  for await (const rows of pages) {
    yield rows.map((row, i) => `${i === 0 ? before : ','}\n${JSON.stringify(row)}`).join('')
    before = ','
  }
  yield before === '[' ? '[]\n' : '\n]\n'
}
