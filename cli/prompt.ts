import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { CommandIo } from './command.ts'
import { InterruptedError, UsageError } from './errors.ts'
import { visible } from './terminal-text.ts'

const MAX_STDIN_BYTES = 1024 * 1024

type Echo = 'shown' | 'hidden'

/**
 * Asks a yes-or-no question on the terminal; anything but `y` or `yes` is no. `yes` (the command's
 * `--yes`) answers it beforehand.
 * @throws UsageError without a terminal, so that a script never hangs here.
 * @throws InterruptedError on Ctrl-C.
 */
export async function confirm(
  io: CommandIo,
  question: string,
  { yes = false }: { readonly yes?: boolean | undefined } = {},
): Promise<boolean> {
  if (yes) return true
  requireTerminal(
    io,
    `cannot ask "${visible(question)}" without a terminal`,
    'Pass --yes to agree.',
  )
  const answer = await ask(io, `${visible(question)} [y/N] `, 'shown')
  return /^y(es)?$/iu.test(answer?.trim() ?? '')
}

/**
 * Asks for a password without showing it; `repeat` asks twice, until both are the same.
 * @throws UsageError without a terminal, and when the input ends.
 * @throws InterruptedError on Ctrl-C.
 */
export async function askPassword(
  io: CommandIo,
  prompt: string,
  { repeat = false }: { readonly repeat?: boolean } = {},
): Promise<string> {
  requireTerminal(
    io,
    'cannot ask for a password without a terminal',
    'Pass --password-stdin and give the password on standard input.',
  )
  for (;;) {
    const password = await ask(io, `${visible(prompt)}: `, 'hidden')
    if (password === undefined) throw new UsageError('no password was given')
    if (!repeat || password === (await ask(io, `${visible(prompt)} (again): `, 'hidden'))) {
      return password
    }
    io.stderr.write('The two are not the same; please try again.\n')
  }
}

/**
 * All of standard input as text, without the last line break.
 * @throws UsageError when standard input is a terminal, is not UTF-8, or exceeds 1 MiB.
 */
export async function readStdin(io: CommandIo): Promise<string> {
  if (io.stdin.isTTY) {
    throw new UsageError('standard input is a terminal; pipe the text into this command')
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of io.stdin) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_STDIN_BYTES) throw new UsageError('standard input is longer than 1 MiB')
    chunks.push(bytes)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
    return text.replace(/\r?\n$/u, '')
  } catch (error) {
    throw new UsageError('standard input is not UTF-8 text', { cause: error })
  }
}

function requireTerminal(io: CommandIo, message: string, hint: string): void {
  if (!io.stdin.isTTY || !io.stderr.isTTY) throw new UsageError(message, { hint })
}

/** One line from the terminal; undefined when the input ends (Ctrl-D). Prompts go to stderr. */
async function ask(io: CommandIo, prompt: string, echo: Echo): Promise<string | undefined> {
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (echo === 'shown') io.stderr.write(String(chunk))
      done()
    },
  })
  const reader = createInterface({ input: io.stdin, output, terminal: true, historySize: 0 })
  // Only now: until the terminal is in raw mode it would show what is typed.
  if (echo === 'hidden') io.stderr.write(prompt)
  reader.setPrompt(echo === 'shown' ? prompt : '')
  reader.prompt()
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
  reader.once('line', resolve)
  reader.once('SIGINT', () => reject(new InterruptedError('interrupted')))
  reader.once('close', () => resolve(undefined))
  try {
    const answer = await promise
    if (echo === 'hidden' || answer === undefined) io.stderr.write('\n')
    return answer
  } catch (error) {
    io.stderr.write('\n')
    throw error
  } finally {
    reader.close()
  }
}
