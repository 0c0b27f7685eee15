import type { UsageRecord } from '../../../app/domain/usage.ts'
import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
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
      throw new UsageError('csv cannot be given together with --json, unless with --output')
    }
    const range = rangeOf(args, DEFAULT_DAYS)
    if (output !== undefined) await mayReplace(io, output, args.force === true)
    const count = { rows: 0 }
    await withAdmin(args, async ({ usage }) => {
      const onRows = (rows: number): void => {
        count.rows += rows
        if (output !== undefined && io.stderr.isTTY) io.stderr.write(`\r${count.rows} requests`)
      }
      const pages = counted(usage.export({ username, gateway, model, range }), onRows)
      const texts = format === 'csv' ? csvOf(pages) : jsonOf(pages)
      if (output !== undefined) return await writeWhole(output, texts)
      for await (const text of texts) {
        io.stdout.write(text)
        await io.stdout.flush()
      }
    })
    if (output === undefined) return
    if (io.stderr.isTTY) io.stderr.write('\n')
    if (args.json) out.record({ file: output, format, requests: count.rows })
    else out.message(`${count.rows} requests are in ${output}.`)
  },
})

async function* counted(pages: Pages, onRows: (rows: number) => void): Pages {
  for await (const rows of pages) {
    yield rows
    onRows(rows.length)
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
