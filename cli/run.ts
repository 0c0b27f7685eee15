import type { CommandDef, ParsedArgs } from 'citty'
import type { ArgSpecs } from './command.ts'
import { CliError, InterruptedError, UsageError } from './errors.ts'
import { createOutput } from './output.ts'
import { metaOf, type Resolved, resolveCommand, resolveValue } from './resolve.ts'
import { createSink, ReaderGoneError, type Sink, type TextStream } from './sink.ts'
import { parseStrict, type Values } from './strict-args.ts'
import { visible, visibleLines } from './terminal-text.ts'
import { renderUsage } from './usage.ts'

/** Streams of the process: `process` itself will do. */
export type CliIo = {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: TextStream
  readonly stderr: TextStream
}

/** How errors are told. */
export type CliOptions = {
  /** Adds the stack to unexpected errors. */
  readonly debug?: boolean
  /** What to tell people about an error from elsewhere; undefined when unexpected. Must not throw. */
  readonly explain?: (error: unknown) => { message: string; hint?: string } | undefined
}

/** What the process ends with. */
export type ExitCode = 0 | 1 | 2 | 130

type Streams = { readonly io: CliIo; readonly stdout: Sink; readonly stderr: Sink }

/**
 * Runs the command that `rawArgs` names and resolves to the exit code, with all output written:
 * 0 done, 1 failed, 2 the command line is wrong, 130 interrupted at a prompt. Never rejects.
 */
export async function runCli(
  main: CommandDef,
  rawArgs: readonly string[],
  io: CliIo,
  options: CliOptions = {},
): Promise<ExitCode> {
  const streams = { io, stdout: createSink(() => io.stdout), stderr: createSink(() => io.stderr) }
  let code: ExitCode
  try {
    code = await dispatch(main, rawArgs, streams)
    await streams.stdout.flush()
  } catch (error) {
    code = report(error, streams.stderr, options)
  }
  // With stderr broken there is nobody left to tell.
  await streams.stderr.flush().catch(() => undefined)
  return code
}

async function dispatch(
  main: CommandDef,
  rawArgs: readonly string[],
  streams: Streams,
): Promise<ExitCode> {
  const { stdout, stderr } = streams
  if (rawArgs[0] === '--version' || rawArgs[0] === '-v') {
    const { name, version = 'of unknown version' } = await metaOf(main, 'parallama')
    stdout.write(`${name} ${version}\n`)
    return 0
  }
  const asksHelp = rawArgs[0] === 'help' || isHelpWanted(rawArgs)
  const tokens = rawArgs[0] === 'help' ? rawArgs.slice(1) : rawArgs
  const resolved = await resolveCommand(main, tokens, asksHelp)
  if (asksHelp) {
    stdout.write(await renderUsage(resolved.path, resolved.command, widthOf(stdout)))
    return 0
  }
  if (!resolved.command.run) {
    stderr.write(await renderUsage(resolved.path, resolved.command, widthOf(stderr)))
    return 2
  }
  return runCommand(resolved, streams)
}

async function runCommand(resolved: Resolved, streams: Streams): Promise<ExitCode> {
  const { path, command, rest } = resolved
  const { io, stdout, stderr } = streams
  const specs = ((await resolveValue(command.args)) ?? {}) as ArgSpecs
  const values = parseWithHint(specs, rest, path)
  const out = createOutput(stdout, { json: values.json === true })
  // Passing `process.stdin` on only when asked for: merely touching it opens it.
  const commandIo = {
    get stdin() {
      return io.stdin
    },
    stdout,
    stderr,
  }
  const code: unknown = await command.run?.({
    rawArgs: [...rest],
    args: values as ParsedArgs,
    cmd: command,
    data: { io: commandIo, out },
  })
  out.finish()
  return code === 1 ? 1 : 0
}

function parseWithHint(specs: ArgSpecs, rest: readonly string[], path: readonly string[]): Values {
  try {
    return parseStrict(specs, rest)
  } catch (error) {
    if (!(error instanceof UsageError) || error.hint) throw error
    const hint = `Run "${path.join(' ')} --help" to see what it takes.`
    throw new UsageError(error.message, { hint, cause: error })
  }
}

function report(error: unknown, stderr: Sink, { debug = false, explain }: CliOptions): ExitCode {
  if (error instanceof ReaderGoneError) return 0
  if (error instanceof InterruptedError) return 130
  const known = error instanceof CliError ? error : explain?.(error)
  const { message, hint } = known ?? describeUnexpected(error, debug)
  try {
    stderr.write(`parallama: ${visibleLines(message)}\n${hint ? `${visibleLines(hint)}\n` : ''}`)
  } catch {
    // As above: nobody left to tell.
  }
  return error instanceof UsageError ? 2 : 1
}

function describeUnexpected(error: unknown, debug: boolean): { message: string; hint: string } {
  const message = error instanceof Error ? error.message || error.name : Bun.inspect(error)
  const hint = 'Set PARALLAMA_LOG_LEVEL=debug to see where this comes from.'
  return {
    message: `unexpected error: ${visible(message)}`,
    hint: debug ? Bun.inspect(error) : hint,
  }
}

function isHelpWanted(rawArgs: readonly string[]): boolean {
  const end = rawArgs.indexOf('--')
  const flags = end === -1 ? rawArgs : rawArgs.slice(0, end)
  return flags.includes('--help') || flags.includes('-h')
}

function widthOf(sink: Sink): number {
  return Math.min(sink.columns ?? 80, 100)
}
