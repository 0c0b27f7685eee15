import { type FileHandle, open } from 'node:fs/promises'
import { type DecodedLines, decodeLines } from './journal-lines.ts'

export interface JournalPiece extends DecodedLines {
  /** Where it ends, in bytes. */
  readonly end: number
}

/** A part of a file, in bytes from its beginning. */
export interface Extent {
  readonly from: number
  readonly to: number
}

const WHOLE: Extent = { from: 0, to: Number.POSITIVE_INFINITY }

const CHUNK_BYTES = 256 * 1024
const NEWLINE = 0x0a

/**
 * Reads a journal's file in pieces of about 256 KiB, whole lines each. What stands behind the last line break
 * is a line that was never finished: it comes as the last piece.
 */
export async function* readPieces(file: FileHandle, extent: Extent): AsyncGenerator<JournalPiece> {
  let at = extent.from
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of chunksOf(file, extent)) {
    const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
    const cut = bytes.lastIndexOf(NEWLINE) + 1
    const lines = decodeLines(bytes.toString('utf8', 0, cut), at)
    at += cut
    yield { ...lines, end: at }
    held = bytes.subarray(cut)
  }
  if (held.length > 0) yield { ...decodeLines(held.toString('utf8'), at), end: at + held.length }
}

/** Reads all of a journal that nobody writes any more; a file that is not there has nothing in it. */
export async function* readJournal(path: string): AsyncGenerator<JournalPiece> {
  const file = await openIfThere(path)
  if (!file) return
  try {
    yield* readPieces(file, WHOLE)
  } finally {
    await file.close()
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (err) {
    if (isMissing(err)) return null
    throw err
  }
}

async function* chunksOf(file: FileHandle, { from, to }: Extent): AsyncGenerator<Buffer> {
  for (let position = from; position < to; ) {
    const most = Math.min(CHUNK_BYTES, to - position)
    const { bytesRead, buffer } = await file.read(Buffer.alloc(most), 0, most, position)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}

/** Whether the error says that there is no such file. */
export const isMissing = (err: unknown): boolean =>
  err instanceof Error && 'code' in err && err.code === 'ENOENT'
