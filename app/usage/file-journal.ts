import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { UsageRecord } from '../domain/usage.ts'
import type { Journal, OnTorn, StoreRows } from './journal.ts'
import { type DecodedLines, encodeLine, type TornLine } from './journal-lines.ts'
import { readPieces } from './journal-reader.ts'

/** Rows of users: nobody else's business. */
const MODE = 0o600
/** What is in the file stays: rows can come after the journal was closed. */
const READ_AND_WRITE = constants.O_RDWR | constants.O_CREAT

export interface FileJournalNeeds {
  /** The file; it is made when there is something to keep. */
  readonly path: string
  readonly onTorn: OnTorn
}

/** Keeps rows in a file, a line each; a line that was cut off by a crash is left out when it is read. */
export function createFileJournal({ path, onTorn }: FileJournalNeeds): Journal {
  let file: FileHandle | null = null
  let kept = 0
  /** Behind the last line that is whole, in bytes. */
  let size = 0
  /** Up to where all has been stored, in bytes. */
  let replayed = 0
  let isWritable = true
  let last: Promise<unknown> = Promise.resolve()

  /** Writing and forgetting do not overlap. */
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const mine = last.then(act)
    last = mine.catch(() => {})
    return mine
  }

  const append = async (rows: readonly UsageRecord[]): Promise<void> => {
    const bytes = Buffer.from(rows.map(encodeLine).join(''))
    try {
      file ??= await openLasting(path)
      // Over what an earlier attempt may have left of a line.
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, size + done)
        done += bytesWritten
      }
      await file.datasync()
    } catch (err) {
      isWritable = false
      await file?.truncate(size).catch(() => {})
      throw err
    }
    size += bytes.length
    kept += rows.length
    isWritable = true
  }

  const forget = async (): Promise<void> => {
    await file?.truncate(0)
    size = 0
    replayed = 0
    // Lines that were torn have been told of, and are kept no more.
    kept = 0
  }

  return {
    get kept() {
      return kept
    },
    get isWritable() {
      return isWritable
    },
    keep: (rows) => inTurn(() => append(rows)),
    async replay(store, groupSize) {
      if (!file) return
      // What is being written at this moment is for the next time.
      for await (const piece of readPieces(file, { from: replayed, to: size })) {
        await handOut(piece, {
          store,
          groupSize,
          onTorn: (line) => onTorn({ ...line, file: path }),
        })
        replayed = piece.end
        kept -= piece.values.length
      }
      await inTurn(async () => {
        if (replayed === size) await forget()
      })
    },
    close: () =>
      inTurn(async () => {
        await file?.close()
        file = null
        if (kept === 0) await rm(path, { force: true })
      }),
  }
}

/** The name of a new file is on the disk, too, when this resolves: else the file could be lost with its rows. */
async function openLasting(path: string): Promise<FileHandle> {
  const file = await open(path, READ_AND_WRITE, MODE)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
  return file
}

export interface HandingOut {
  readonly store: StoreRows
  readonly groupSize: number
  readonly onTorn: (line: TornLine) => void
}

/** Gives the rows of a piece to `store`, group by group, and tells of lines that are torn. */
export async function handOut(
  { values, torn }: DecodedLines,
  { store, groupSize, onTorn }: HandingOut,
): Promise<void> {
  for (const line of torn) onTorn(line)
  const rows = values as readonly UsageRecord[]
  for (let i = 0; i < rows.length; i += groupSize) await store(rows.slice(i, i + groupSize))
}
