import { connect, explainDatabase } from '../../app/store.ts'
import type { Db } from '../../db/client.ts'
import { migrateDown, migrateUp, migrationStatus } from '../../db/migrate.ts'
import { type ConfigArgs, configFor } from '../admin.ts'
import { command, group } from '../command.ts'
import { CliError } from '../errors.ts'
import { confirm } from '../prompt.ts'
import { isoTime } from '../time-text.ts'

const FIRST_MIGRATION = '0001-initial'

async function onDatabase<T>(args: ConfigArgs, act: (db: Db) => Promise<T>): Promise<T> {
  const config = configFor(args)
  const store = connect(config)
  try {
    return await act(store.db)
  } catch (err) {
    throw explainDatabase(err, config)
  } finally {
    await store.close()
  }
}

const up = command({
  meta: { name: 'up', description: 'Bring the database schema up to date' },
  async run({ args, out }) {
    const names = await onDatabase(args, migrateUp)
    out.message(names.length > 0 ? `Applied ${names.join(', ')}.` : 'The schema is up to date.')
  },
})

const down = command({
  meta: { name: 'down', description: 'Take the newest migration back; what it added is lost' },
  args: { yes: { type: 'boolean', alias: 'y', description: 'do not ask' } },
  async run({ args, io, out }) {
    await onDatabase(args, async (db) => {
      const newest = (await migrationStatus(db)).findLast(({ executedAt }) => executedAt)?.name
      if (!newest) return out.message('No migration is applied.')
      const loss = newest === FIRST_MIGRATION ? 'ALL users, keys, roles and usage' : 'what it added'
      const isSure = await confirm(io, `Take back ${newest} and lose ${loss}?`, { yes: args.yes })
      if (!isSure) throw new CliError('nothing was changed')
      await migrateDown(db)
      out.message(`Took back ${newest}.`)
    })
  },
})

const status = command({
  meta: { name: 'status', description: 'Show which migrations are applied' },
  async run({ args, out }) {
    const migrations = await onDatabase(args, migrationStatus)
    const rows = migrations.map(({ name, executedAt }) => ({
      name,
      appliedAt: executedAt?.getTime() ?? null,
    }))
    out.list(
      rows,
      [
        { header: 'migration', value: (row) => row.name },
        {
          header: 'applied',
          value: (row) => (row.appliedAt === null ? 'pending' : isoTime(row.appliedAt)),
        },
      ],
      { empty: 'There are no migrations.' },
    )
  },
})

export const migrate = group({
  meta: { name: 'migrate', description: 'The database schema' },
  subCommands: { up, down, status },
})
