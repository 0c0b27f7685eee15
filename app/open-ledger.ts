import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseHandle } from '../db/client.ts'
import { databaseFault } from '../db/codec.ts'
import { withDeadline } from '../db/deadline.ts'
import { createRequestIds, newNode } from '../db/ids.ts'
import { type ProcessLock, takeProcessLock } from '../db/process-lock.ts'
import { createRequestClose, MAX_CLOSED } from '../db/queries/close-requests.ts'
import { knownRequests } from '../db/queries/known-requests.ts'
import { ping } from '../db/queries/ping.ts'
import { systemClock } from './domain/clock.ts'
import { keptSince } from './domain/kept-since.ts'
import { StartupError } from './errors/startup-error.ts'
import type { Log } from './log.ts'
import type { LedgerMetrics } from './metrics/ledger.ts'
import { startUpkeep } from './services/upkeep.ts'
import { createUsageRetention } from './services/usage-retention.ts'
import type { Config } from './settings.ts'
import { askingFirst } from './usage/asking-first.ts'
import { createFileJournal } from './usage/file-journal.ts'
import type { OnTorn, StoreRows } from './usage/journal.ts'
import { createOpenRequests } from './usage/open-requests.ts'
import { createRecorder } from './usage/recorder.ts'
import { createRecovery, lockFile, openFile, refusedFile, rowsFile } from './usage/recovery.ts'
import { foldRows, toRequestRow } from './usage/row.ts'
import {
  type SetAside,
  settingAsideOnce,
  settingLateAside,
  settingRefusedAside,
} from './usage/set-aside.ts'

/** How long it may take to commit usage rows before they are sent again, in ms: a little longer than a statement may. */
const WRITE_TIMEOUT_MS = 4000
/** How long the last usage rows may take to reach the database at the end, in ms. */
const FLUSH_MS = 10_000
/** How often it is noted how far requests have come, and looked whether other processes have died, in ms. */
const BEAT_MS = 1000
const LOOK_MS = 5000
/** How often room is made, in ms. */
const HOUR_MS = 3_600_000

export interface LedgerNeeds {
  readonly store: DatabaseHandle
  readonly metrics: LedgerMetrics
  readonly log: Log
}

/** What the usage of a server's requests goes through, on its way to the database or to its own disk. */
export function openLedger(
  config: Pick<Config, 'dataDir' | 'usage'>,
  { store, metrics, log }: LedgerNeeds,
) {
  const folder = journalFolder(config)
  const clock = systemClock
  const node = newNode()
  const lock = ownLock(lockFile(folder, node), log)
  const onTorn: OnTorn = ({ file, at, text }) =>
    log.error({ file, at, text }, 'a line of the journal is torn; it was left out')
  const refused = createFileJournal({ path: refusedFile(folder, node), onTorn })
  const since = (): number => keptSince(clock.now(), config.usage.retentionDays)
  const setAside = settingAsideOnce(async (rows, err) => {
    await refused.keep(rows)
    metrics.refused(rows.length)
    for (const row of rows)
      log.error({ err, row }, 'the ledger can not take this usage row; it is in the .refused file')
  })
  const write = rowsWriter(store, setAside, since)
  const recorder = createRecorder({
    write,
    maxRows: MAX_CLOSED,
    journal: createFileJournal({ path: rowsFile(folder, node), onTorn }),
    log,
    onCommit: metrics.committed,
  })
  const openRequests = createOpenRequests({ path: openFile(folder, node), clock, log })
  const recover = createRecovery({
    folder,
    node,
    write,
    maxRows: MAX_CLOSED,
    keptSince: since,
    async missing(rows) {
      const known = await knownRequests(
        store,
        rows.map(({ id }) => id),
      )
      return rows.filter(({ id }) => !known.has(id))
    },
    clock,
    log,
    onTorn,
    onExpired: metrics.expired,
  })
  metrics.watch({ node, owed: () => recorder.owed })
  const beat = setInterval(openRequests.beat, BEAT_MS)
  const retention = createUsageRetention({ db: store.db, clock, ...config.usage })
  const upkeep = startUpkeep({
    tasks: [
      {
        failure: 'what processes that died had left could not be taken over',
        everyMs: LOOK_MS,
        run: recover,
      },
      {
        failure: 'partitions of the usage could not be made ahead',
        everyMs: HOUR_MS,
        run: retention.prepare,
      },
      {
        failure: 'usage that is too old could not be removed',
        everyMs: HOUR_MS,
        run: retention.prune,
      },
    ],
    log,
  })

  return {
    recorder,
    openRequests,
    newId: createRequestIds(node),
    /** Commits what is left and lets go of the files. */
    async close(): Promise<void> {
      await upkeep.close()
      await recorder.close(FLUSH_MS)
      clearInterval(beat)
      openRequests.close()
      await refused.close()
      lock?.release()
    },
  }
}

/** What stores rows in the database, whatever they are and whatever it is up to. */
function rowsWriter(store: DatabaseHandle, setAside: SetAside, since: () => number): StoreRows {
  const close = createRequestClose(store, foldRows)
  const isRefusal = (err: unknown): boolean => databaseFault(err) === 'refused'
  const commit: StoreRows = (rows) => withDeadline(close(rows.map(toRequestRow)), WRITE_TIMEOUT_MS)
  const taken = settingRefusedAside({ write: commit, isRefusal, setAside })
  const write = askingFirst(taken, () => ping(store))
  return settingLateAside({ write, keptSince: since, setAside })
}

/** That this process lives, as others see it; without it they go by its signs of life alone. */
function ownLock(path: string, log: Log): ProcessLock | null {
  try {
    return takeProcessLock(path)
  } catch (err) {
    log.warn({ err }, 'no lock can be had in the journal folder; check data_dir and its owner')
    return null
  }
}

/** Throws a StartupError when there can be none. */
function journalFolder({ dataDir }: Pick<Config, 'dataDir'>): string {
  const folder = join(dataDir, 'journal')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return folder
  } catch (cause) {
    throw new StartupError(`can't make the folder ${folder}; check data_dir and its owner`, {
      cause,
    })
  }
}
