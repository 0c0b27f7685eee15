import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import type { CommandIo } from '../../command.ts'
import { CliError, UsageError } from '../../errors.ts'
import { confirm } from '../../prompt.ts'

/** Throws unless the file is not there yet, or may be replaced: on a terminal that is asked. */
export async function mayReplace(io: CommandIo, file: string, isForced: boolean): Promise<void> {
  if (file === '') throw new UsageError('--output needs the name of a file')
  const there = await ofFile(file, stat(file).catch(nullWhereNone))
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
    await using handle = await ofFile(file, open(temporary, 'wx', 0o600))
    for await (const text of texts) await ofFile(file, handle.writeFile(text))
    await ofFile(file, handle.sync())
    await ofFile(file, handle.close())
    await ofFile(file, rename(temporary, target))
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw cause
  } finally {
    forget()
  }
}

/** What becomes of the file is told of it; an error of what is written into it is another matter. */
async function ofFile<T>(file: string, done: Promise<T>): Promise<T> {
  try {
    return await done
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split(',')[0] : cause
    throw new CliError(`can't write ${file}: ${why}`, {
      hint: 'Name another file with --output.',
      cause,
    })
  }
}

function nullWhereNone(err: unknown): null {
  if ((err as NodeJS.ErrnoException).code === 'ENOENT') return null
  throw err
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
