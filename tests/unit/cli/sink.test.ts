import { expect, test } from 'bun:test'
import { EventEmitter } from 'node:events'
import { Writable } from 'node:stream'
import { command } from '../../../cli/command.ts'
import { runCli } from '../../../cli/run.ts'
import { createSink, ReaderGoneError } from '../../../cli/sink.ts'
import { memoryStream } from './command-tree.ts'

function failingStream(code: string) {
  return new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error(`${code}: it went wrong`), { code }))
    },
  })
}

async function runInto(stdout: Writable) {
  let written = 0
  const endless = command({
    meta: { name: 'parallama', description: 'never ends by itself' },
    async run({ io }) {
      for (;;) {
        io.stdout.write(`${written++}\n`)
        await io.stdout.flush()
      }
    },
  })
  const stderr = memoryStream()
  const code = await runCli(endless, [], { stdin: process.stdin, stdout, stderr })
  return { code, stderr: stderr.text(), written }
}

test('when the reader has gone the command ends quietly with 0', async () => {
  expect(await runInto(failingStream('EPIPE'))).toEqual({ code: 0, stderr: '', written: 1 })
})

test('output that cannot be written is an error that says so', async () => {
  expect(await runInto(failingStream('ENOSPC'))).toEqual({
    code: 1,
    stderr: 'parallama: cannot write the output: ENOSPC: it went wrong\n',
    written: 1,
  })
})

test('a failure that comes after the last write is still seen', async () => {
  const once = command({
    meta: { name: 'parallama', description: 'writes once' },
    run: async ({ out }) => out.message('done'),
  })
  const stderr = memoryStream()
  const io = { stdin: process.stdin, stdout: failingStream('EIO'), stderr }
  expect(await runCli(once, [], io)).toBe(1)
})

test('a broken stderr changes nothing', async () => {
  const io = { stdin: process.stdin, stdout: memoryStream(), stderr: failingStream('EPIPE') }
  const main = command({
    meta: { name: 'parallama', description: 'writes nothing' },
    run: async () => {},
  })
  expect(await runCli(main, ['--bogus'], io)).toBe(2)
})

test('flush waits until the stream has taken everything', async () => {
  const taken: (() => void)[] = []
  const slow = new Writable({ write: (_chunk, _encoding, done) => void taken.push(done) })
  const sink = createSink(() => slow)
  sink.write('a')
  let isFlushed = false
  const flushed = sink.flush().then(() => {
    isFlushed = true
  })
  await Promise.resolve()
  expect(isFlushed).toBe(false)
  taken[0]?.()
  await flushed
  expect(isFlushed).toBe(true)
  await sink.flush()
})

test('an error event alone fails the next write', async () => {
  const stream = Object.assign(new EventEmitter(), { write: () => true })
  const sink = createSink(() => stream)
  sink.write('a')
  stream.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }))
  expect(() => sink.write('b')).toThrow(ReaderGoneError)
  await expect(sink.flush()).rejects.toThrow(ReaderGoneError)
})
