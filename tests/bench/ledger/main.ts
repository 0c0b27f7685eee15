import { parseArgs } from 'node:util'
import { measureCommit } from './commit.ts'
import { measureExport } from './export.ts'
import { type Figure, renderFigures } from './figure.ts'
import { measureIngest } from './ingest.ts'
import { type Kind, openStore, type Store } from './stores.ts'
import { measureSummary } from './summary.ts'

const KINDS: Kind[] = ['sqlite', 'postgres']
const PARTS = ['ingest', 'commit', 'summary', 'export']
const EXPORTED_ROWS = 1_000_000
const EXPORTED_DAYS = 30

const usage = `Usage: bun tests/bench/ledger/main.ts [flags]

Measures the ledger on a SQLite file and on a PostgreSQL of its own that does not lose what it has taken.

  --on LIST      of ${KINDS.join(', ')} (default: both)
  --parts LIST   of ${PARTS.join(', ')} (default: all)
  --rows N       rows that are made for the summary (default 10000000)
  --rounds N     rounds of ingest, of 40,000 rows each (default 5)
  --keep         leave the SQLite file where it is
  --help
`

process.exit(await main())

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      on: { type: 'string', default: KINDS.join() },
      parts: { type: 'string', default: PARTS.join() },
      rows: { type: 'string', default: '10000000' },
      rounds: { type: 'string', default: '5' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const figures: Figure[] = []
  const parts = values.parts.split(',')
  for (const kind of KINDS.filter((known) => values.on.split(',').includes(known))) {
    for (const part of PARTS.filter((known) => parts.includes(known))) {
      const store = await openStore(kind, values.keep)
      try {
        process.stdout.write(`${part}: ${store.durability}${values.keep ? ` ${store.url}` : ''}\n`)
        figures.push(...(await measure(part, store, Number(values.rows), Number(values.rounds))))
      } finally {
        await store.dispose()
      }
    }
  }
  process.stdout.write(`\n${renderFigures(figures)}\n`)
  return figures.every(({ ok }) => ok !== false) ? 0 : 1
}

function measure(part: string, store: Store, rows: number, rounds: number): Promise<Figure[]> {
  if (part === 'ingest') return measureIngest(store, 40_000, rounds)
  if (part === 'commit') return measureCommit(store, 5000)
  if (part === 'export')
    return measureExport(store, { rows: EXPORTED_ROWS, days: EXPORTED_DAYS, until: Date.now() })
  return measureSummary(store, { rows, days: 90, until: Date.now() })
}
