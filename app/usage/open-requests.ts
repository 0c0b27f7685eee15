import { closeSync, openSync, renameSync, rmSync, utimesSync, writeSync } from 'node:fs'
import type { Clock } from '../domain/clock.ts'
import type { OpenRequest, Progress } from '../domain/open-request.ts'
import type { Log } from '../log.ts'
import { encodeLine } from './journal-lines.ts'

/** How large the notes may grow before they are written anew, in bytes; or to twice what they began with. */
const MAX_BYTES = 4 * 1024 * 1024
const MODE = 0o600

export interface OpenRequestsNeeds {
  /** The file that the notes are in. */
  readonly path: string
  readonly clock: Clock
  readonly log: Log
}

/** One line of the notes: requests that were let in, and how far some have come. */
export interface Note {
  readonly opened?: readonly OpenRequest[]
  readonly progress?: readonly (readonly [id: string, progress: Progress])[]
}

/** The requests that are under way, noted where they outlive the process. */
export interface OpenRequests {
  /** Notes a request, at once; the result forgets it, when its row is safe. */
  open(request: OpenRequest, progress: () => Progress): () => void
  /** Notes how far all have come, and that this process is alive; to be called every second. */
  beat(): void
  /** Removes the notes when no request is under way any more. */
  close(): void
}

interface Open {
  readonly request: OpenRequest
  readonly progress: () => Progress
  /** What was last noted. */
  noted: Progress | null
}

/**
 * Notes go to the kernel and not to the disk: they outlive the process, and cost a request some µs. What
 * can't be noted is served all the same: the ledger itself is not concerned.
 */
export function createOpenRequests({ path, clock, log }: OpenRequestsNeeds): OpenRequests {
  const all = new Map<string, Open>()
  let file: number | null = null
  let bytes = 0
  let mostBytes = MAX_BYTES
  let isFailing = false

  const attempt = (act: () => void): void => {
    try {
      act()
      isFailing = false
    } catch (err) {
      if (!isFailing) log.warn({ err }, 'requests under way can not be noted on the disk')
      isFailing = true
      letGo()
    }
  }

  const letGo = (): void => {
    if (file !== null) closeSync(file)
    file = null
  }

  const write = (note: Note): void => {
    if (file === null) return
    const line = Buffer.from(encodeLine(note))
    const written = writeSync(file, line)
    bytes += written
    // What came next would stand in the same line, and could not be read either.
    if (written < line.length) throw new Error('there is no room for the whole line')
  }

  /** All that is under way in a new file, in place of the old one. */
  const begin = (): void => {
    letGo()
    const fresh = `${path}.new`
    file = openSync(fresh, 'w', MODE)
    bytes = 0
    const opened = [...all.values()].map(({ request }) => request)
    if (opened.length > 0) write({ opened, progress: changes(true) })
    mostBytes = Math.max(MAX_BYTES, 2 * bytes)
    renameSync(fresh, path)
  }

  const changes = (isAll: boolean): [string, Progress][] => {
    const changed: [string, Progress][] = []
    for (const [id, open] of all) {
      const progress = open.progress()
      const { noted } = open
      if (!isAll && noted?.seen === progress.seen && noted.dispatchedAt === progress.dispatchedAt)
        continue
      open.noted = progress
      changed.push([id, progress])
    }
    return changed
  }

  /** Gives a sign of life, which a full disk takes too; false when another process has removed the file. */
  const touch = (): boolean => {
    const now = clock.now() / 1000
    try {
      utimesSync(path, now, now)
      return true
    } catch {
      return false
    }
  }

  attempt(begin)
  return {
    open(request, progress) {
      all.set(request.id, { request, progress, noted: null })
      attempt(() => write({ opened: [request] }))
      return () => void all.delete(request.id)
    },
    beat() {
      const isThere = touch()
      attempt(() => {
        // What is over would look, after a crash long from now, like something that was never accounted for.
        const isOver = all.size === 0 && bytes > 0
        if (file === null || !isThere || isOver || bytes > mostBytes) return begin()
        const progress = changes(false)
        if (progress.length > 0) write({ progress })
      })
    },
    close() {
      letGo()
      if (all.size === 0) rmSync(path, { force: true })
    },
  }
}
