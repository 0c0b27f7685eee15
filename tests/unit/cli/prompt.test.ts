import { describe, expect, test } from 'bun:test'
import { PassThrough, Readable } from 'node:stream'
import { InterruptedError, UsageError } from '../../../cli/errors.ts'
import { askPassword, confirm, readStdin } from '../../../cli/prompt.ts'
import { createSink } from '../../../cli/sink.ts'
import { memoryStream } from './command-tree.ts'

/** Somebody at a terminal who types the next answer when the next prompt appears. */
function terminalWith(answers: readonly string[]) {
  const left = [...answers]
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  const screen = memoryStream()
  const stderr = {
    isTTY: true,
    write(text: string) {
      screen.write(text)
      if (/(: |\[y\/N\] )/u.test(text)) setImmediate(() => stdin.write(left.shift() ?? '\u0004'))
    },
  }
  const stdout = memoryStream()
  const io = { stdin, stdout: createSink(() => stdout), stderr: createSink(() => stderr) }
  return { io, screen: screen.text, stdout: stdout.text }
}

function pipeOf(...chunks: (string | Uint8Array)[]) {
  const stdin = Readable.from(chunks, { objectMode: false })
  const stderr = createSink(() => ({ ...memoryStream(), isTTY: true }))
  return { stdin, stdout: createSink(() => memoryStream()), stderr }
}

describe('confirm', () => {
  test('only y and yes are yes', async () => {
    const cases: readonly [typed: string, isYes: boolean][] = [
      ['y\r', true],
      ['YES\n', true],
      [' y \r', true],
      ['\r', false],
      ['n\r', false],
      ['yep\r', false],
      ['\u0004', false],
    ]
    for (const [typed, isYes] of cases) {
      expect([typed, await confirm(terminalWith([typed]).io, 'Delete anna?')]).toEqual([
        typed,
        isYes,
      ])
    }
  })

  test('the question is asked on stderr, without control characters', async () => {
    const { io, screen, stdout } = terminalWith(['y\r'])
    await confirm(io, 'Delete \u001b[2Janna?')
    expect(screen()).toContain('Delete \\x1b[2Janna? [y/N] ')
    expect(stdout()).toBe('')
  })

  test('Ctrl-C interrupts', async () => {
    const { io } = terminalWith(['\u0003'])
    await expect(confirm(io, 'Sure?')).rejects.toThrow(InterruptedError)
  })

  test('without a terminal it tells to pass --yes, and --yes asks nothing', async () => {
    const error = await confirm(pipeOf('y\n'), 'Sure?').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toMatchObject({ hint: 'Pass --yes to agree.' })
    const unseen = { ...terminalWith(['y\r']).io, stderr: createSink(() => memoryStream()) }
    await expect(confirm(unseen, 'Sure?')).rejects.toThrow(UsageError)
    expect(await confirm(pipeOf(), 'Sure?', { yes: true })).toBe(true)
  })
})

describe('askPassword', () => {
  test('the password is read and never shown', async () => {
    const { io, screen } = terminalWith(['sécret 日x\u007f\r'])
    expect(await askPassword(io, 'Password')).toBe('sécret 日')
    expect(screen()).toBe('Password: \n')
  })

  test('a new password is asked for until both are the same', async () => {
    const { io, screen } = terminalWith(['one\r', 'two\r', 'three\r', 'three\r'])
    expect(await askPassword(io, 'Password', { repeat: true })).toBe('three')
    expect(screen()).toBe(
      'Password: \nPassword (again): \nThe two are not the same; please try again.\nPassword: \nPassword (again): \n',
    )
  })

  test('Ctrl-C interrupts and Ctrl-D is an error, also at the second question', async () => {
    await expect(askPassword(terminalWith(['\u0003']).io, 'P')).rejects.toThrow(InterruptedError)
    await expect(askPassword(terminalWith(['\u0004']).io, 'P')).rejects.toThrow(
      'no password was given',
    )
    const twice = terminalWith(['one\r', '\u0004'])
    await expect(askPassword(twice.io, 'P', { repeat: true })).rejects.toThrow(
      'no password was given',
    )
  })

  test('without a terminal it tells to use --password-stdin', async () => {
    const error = await askPassword(pipeOf('x\n'), 'P').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toMatchObject({ hint: expect.stringContaining('--password-stdin') })
  })
})

describe('readStdin', () => {
  test('all input is taken, but for one line break at the end', async () => {
    const bytes = new TextEncoder().encode('日本')
    expect(await readStdin(pipeOf('secret\n'))).toBe('secret')
    expect(await readStdin(pipeOf('a\n', 'b\r\n'))).toBe('a\nb')
    expect(await readStdin(pipeOf(' x \n\n'))).toBe(' x \n')
    expect(await readStdin(pipeOf(bytes.slice(0, 2), bytes.slice(2)))).toBe('日本')
    expect(await readStdin(pipeOf())).toBe('')
  })

  test('a terminal, bytes that are not UTF-8, and too much are refused', async () => {
    await expect(readStdin(terminalWith([]).io)).rejects.toThrow('standard input is a terminal')
    await expect(readStdin(pipeOf(new Uint8Array([0xff])))).rejects.toThrow('not UTF-8')
    await expect(readStdin(pipeOf('x'.repeat(1024 * 1024 + 1)))).rejects.toThrow(
      'longer than 1 MiB',
    )
  })
})
