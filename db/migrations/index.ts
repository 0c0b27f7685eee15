import type { Migration } from 'kysely/migration'
import * as initial from './0001-initial.ts'
import * as limits from './0002-limits.ts'
import * as identity from './0003-identity.ts'
import * as gateways from './0004-gateways.ts'
import * as ledger from './0005-ledger.ts'
import * as historyPartition from './0006-history-partition.ts'

/**
 * Every migration, by name, in order. A record and not a folder: a compiled binary has no folder to
 * read. What has been released is frozen; a change is a new entry.
 */
export const MIGRATIONS: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-limits': limits,
  '0003-identity': identity,
  '0004-gateways': gateways,
  '0005-ledger': ledger,
  '0006-history-partition': historyPartition,
}
