import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { firstIdAt } from '../../db/ids.ts'
import { type ProcessLock, takeProcessLock } from '../../db/process-lock.ts'
import type { Clock } from '../domain/clock.ts'
import { expiredRecord, type OpenRequest, type Progress } from '../domain/open-request.ts'
import type { UsageRecord } from '../domain/usage.ts'
import type { Log } from '../log.ts'
import { handOut } from './file-journal.ts'
import type { OnTorn, StoreRows } from './journal.ts'
import { isMissing, readJournal } from './journal-reader.ts'
import type { Note } from './open-requests.ts'

/** How long nothing is taken over from a process after its last sign of life, in ms: there is one every second. */
export const STALE_MS = 15_000

const NOT_SENT: Progress = { backend: null, dispatchedAt: null, firstRecordAt: null, seen: 0 }

/**
 * The files of a process: rows that its database did not take, and those it will never take, which are for
 * somebody to look at; what was under way; and that it lives.
 */
export const rowsFile = (folder: string, node: string): string => join(folder, `${node}.rows`)
export const refusedFile = (folder: string, node: string): string => join(folder, `${node}.refused`)
export const openFile = (folder: string, node: string): string => join(folder, `${node}.open`)
export const lockFile = (folder: string, node: string): string => join(folder, `${node}.lock`)

const FILES = /^(\w+)\.(?:rows|open|open\.new|lock)$/

export interface RecoveryNeeds {
  readonly folder: string
  /** This process, whose own files are left alone. */
  readonly node: string
  readonly write: StoreRows
  /** How many rows `write` takes at once. */
  readonly maxRows: number
  /** Since when rows are kept, in epoch ms: of what was under way before, nobody can tell how it ended. */
  readonly keptSince: () => number
  /** Those of these that the ledger does not have. */
  readonly missing: (rows: readonly UsageRecord[]) => Promise<readonly UsageRecord[]>
  readonly clock: Clock
  readonly log: Log
  readonly onTorn: OnTorn
  /** Told of each request that died with its process. */
  readonly onExpired: (record: UsageRecord) => void
}

/**
 * Takes over from processes that have died: stores the rows that they had kept, and closes the requests
 * that were under way as expired, with what was known of them. A process that is only held up keeps its
 * lock, and is left alone; of two that would take over, one does. To be called again and again; what can't
 * be taken over of one process keeps no other waiting, and rejects in the end.
 */
export function createRecovery(needs: RecoveryNeeds): () => Promise<void> {
  const { folder, onTorn } = needs
  const told = new Set<string>()
  const onceTorn: OnTorn = (line) => {
    const place = `${line.file}:${line.at}`
    if (!told.has(place)) onTorn(line)
    told.add(place)
  }
  return async () => {
    const failures: unknown[] = []
    for (const node of await silentNodes(needs)) {
      let lock: ProcessLock | null = null
      try {
        lock = takeProcessLock(lockFile(folder, node))
        if (lock) await takeOver(node, { ...needs, onTorn: onceTorn })
      } catch (err) {
        failures.push(err)
      } finally {
        lock?.release()
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

async function silentNodes({ folder, node, clock }: RecoveryNeeds): Promise<string[]> {
  const names = (await readdir(folder)).flatMap((name) => FILES.exec(name)?.[1] ?? [])
  const others = [...new Set(names)].filter((name) => name !== node)
  const lastSigns = await Promise.all(
    others.map((other) =>
      Promise.all([rowsFile, openFile, lockFile].map((file) => touchedAt(file(folder, other)))),
    ),
  )
  return others.filter((_, i) => clock.now() - Math.max(...(lastSigns[i] ?? [])) > STALE_MS)
}

async function touchedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch (err) {
    if (isMissing(err)) return 0
    throw err
  }
}

async function takeOver(node: string, needs: RecoveryNeeds): Promise<void> {
  const { folder, write, maxRows, onTorn, onExpired, log } = needs
  const [rows, open] = [rowsFile(folder, node), openFile(folder, node)]
  let kept = 0
  for await (const piece of readJournal(rows)) {
    const tell = (line: (typeof piece.torn)[number]) => onTorn({ ...line, file: rows })
    await handOut(piece, { store: write, groupSize: maxRows, onTorn: tell })
    kept += piece.values.length
  }
  const underWay = await requestsUnderWay(open, needs)
  let expired = 0
  for (let i = 0; i < underWay.length; i += maxRows) {
    const group = await needs.missing(underWay.slice(i, i + maxRows))
    if (group.length > 0) await write(group)
    for (const record of group) onExpired(record)
    expired += group.length
  }
  for (const file of [rows, open, `${open}.new`]) await rm(file, { force: true })
  log.warn({ node, kept, expired }, 'took over what a process that died had left')
}

/** What the notes say was under way, whether it has a row or not. */
async function requestsUnderWay(
  path: string,
  { keptSince, onTorn }: RecoveryNeeds,
): Promise<UsageRecord[]> {
  const first = firstIdAt(keptSince())
  const opened = new Map<string, OpenRequest>()
  const progress = new Map<string, Progress>()
  const lastSign = await touchedAt(path)
  for await (const { values, torn } of readJournal(path)) {
    for (const line of torn) onTorn({ ...line, file: path })
    for (const note of values as readonly Note[]) {
      for (const request of note.opened ?? [])
        if (request.id >= first) opened.set(request.id, request)
      for (const [id, how] of note.progress ?? []) progress.set(id, how)
    }
  }
  return [...opened.values()].map((request) =>
    expiredRecord(
      request,
      progress.get(request.id) ?? NOT_SENT,
      Math.max(Math.round(lastSign), request.startedAt),
    ),
  )
}
