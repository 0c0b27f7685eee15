import { randomBytes } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { open, realpath, rename, rm } from 'node:fs/promises'
import type { CommandIo } from '../../command.ts'
import { CliError } from '../../errors.ts'
import { confirm } from '../../prompt.ts'

/** Throws unless the file is not there yet, or may be replaced: on a terminal that is asked. */
export async function mayReplace(io: CommandIo, file: string, isForced: boolean): Promise<void> {
  const there = statSync(file, { throwIfNoEntry: false })
  if (!there) return
  // A device or a folder of that name would be gone afterwards.
  if (!there.isFile()) {
    throw new CliError(`${file} is no file`, {
      hint: 'Name a file; without --output it all goes to standard output.',
    })
  }
  if (isForced) return
  const isAsked = io.stdin.isTTY === true && io.stderr.isTTY
  if (!isAsked) throw new CliError(`${file} is there already`, { hint: '--force replaces it.' })
  if (await confirm(io, `${file} is there already. Replace it?`)) return
  throw new CliError('nothing was written')
}

/**
 * Writes the texts into a file beside it that takes its name in the end: half of them leave nothing, also
 * when the process is told to end in the midst.
 */
export async function writeWhole(
  file: string,
  texts: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  const target = await realpath(file).catch(() => file)
  const temporary = `${target}.${randomBytes(6).toString('hex')}.part`
  const forget = atSignals(() => rmSync(temporary, { force: true }))
  try {
    await writeNew(temporary, texts)
    await rename(temporary, target)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    if (!isOfSystem(cause)) throw cause
    throw new CliError(`can't write ${file}: ${cause.message.split(',')[0]}`, { cause })
  } finally {
    forget()
  }
}

async function writeNew(
  file: string,
  texts: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    for await (const text of texts) await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Does that before SIGINT or SIGTERM ends the process as it would have; until it is told to forget it. */
function atSignals(act: () => void): () => void {
  const forget = (): void => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, end)
  }
  const end = (signal: NodeJS.Signals): void => {
    forget()
    act()
    process.kill(process.pid, signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end)
  return forget
}

const isOfSystem = (cause: unknown): cause is Error =>
  cause instanceof Error && 'syscall' in cause && ('path' in cause || 'errno' in cause)
