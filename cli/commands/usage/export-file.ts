import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { CommandIo } from '../../command.ts'
import { CliError } from '../../errors.ts'
import { confirm } from '../../prompt.ts'

/** Throws unless the file is not there yet, or may be replaced. */
export async function mayReplace(io: CommandIo, file: string, isForced: boolean): Promise<void> {
  if (isForced || !existsSync(file)) return
  const isAsked = io.stdin.isTTY === true && io.stderr.isTTY
  if (isAsked && (await confirm(io, `${file} is there already. Replace it?`))) return
  throw new CliError(`${file} is there already`, { hint: '--force replaces it.' })
}

/** Writes the texts into a file beside it that takes its name in the end: half an export leaves nothing. */
export async function writeWhole(file: string, texts: AsyncIterable<string>): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.part`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      for await (const text of texts) await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    if (
      !(cause instanceof Error) ||
      !('syscall' in cause) ||
      !('path' in cause || 'errno' in cause)
    )
      throw cause
    throw new CliError(`can't write ${file}: ${cause.message.split(',')[0]}`, { cause })
  }
}
