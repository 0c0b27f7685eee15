import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { PROGRAM, runProgram, spawnProgram } from '../support/cli-program.ts'
import { gates } from '../support/fake-ollama/gate.ts'
import { chatChunk, chatRecords } from '../support/fake-ollama/records.ts'
import { errorMidStream, hang, stream } from '../support/fake-ollama/script.ts'
import { type FakeOllama, startFakeOllama } from '../support/fake-ollama.ts'
import { freePort } from '../support/servers/free-port.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { onTerminal } from '../support/terminal.ts'

const MODEL = 'qwen3:8b'
const folder = temporaryFolder()
const disposals: (() => Promise<void>)[] = []
afterAll(() => Promise.all(disposals.map((dispose) => dispose())))

let folders = 0
/** Settings of somebody who starts the demo for the first time. */
const firstTime = (ollamaUrl = `http://127.0.0.1:${freePort()}`) => ({
  XDG_DATA_HOME: join(folder, `home-${folders++}`),
  PARALLAMA_OLLAMA_URLS: ollamaUrl,
})

async function startOllama(models: readonly string[] = [MODEL]): Promise<FakeOllama> {
  const ollama = await startFakeOllama({ models })
  disposals.push(() => ollama.stop())
  return ollama
}

const DEMO = ['demo', '--port', '0']
const once = (env: Record<string, string>) => runProgram([...DEMO, '--once'], { env })

/** The demo on a terminal, where a person would watch it. */
const watch = (env: Record<string, string>, args: readonly string[] = []) =>
  onTerminal([...PROGRAM, ...DEMO, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env },
  })

describe('demo --once', () => {
  test('without Ollama says that it simulates one, and shows a chat as it is written and what it left', async () => {
    const env = firstTime()
    const child = spawnProgram([...DEMO, '--once'], { env })
    const writes = await Array.fromAsync(child.stdout)
    expect([await child.exited, await child.stderr.text()]).toEqual([0, ''])
    expect(writes.length).toBeGreaterThan(20)
    const stdout = Buffer.concat(writes).toString()
    expect(stdout).toStartWith(`There is no Ollama at ${env.PARALLAMA_OLLAMA_URLS}, so a SIMULATED`)
    expect(stdout).toContain(`${env.XDG_DATA_HOME}/parallama/demo.`)
    expect(stdout).toMatch(/has a new API key: plk_\w{59}\n/)
    expect(stdout).toContain('This is a simulated answer')
    expect(stdout).toMatch(
      /^Operation +ollama chat\nModel +llama3\.2:3b\nHost +\S+\nPrompt tokens +9\nAnswer tokens +48\n/m,
    )
    expect(stdout).toMatch(/^Outcome +completed$/m)
    expect(
      stdout.match(/^ {2}curl http:\S+ -H "Authorization: Bearer \$PARALLAMA_KEY/gm),
    ).toHaveLength(2)
  })

  test('with Ollama says that it was found, and asks its first model', async () => {
    const ollama = await startOllama()
    const { code, stdout } = await once(firstTime(ollama.url))
    expect(code).toBe(0)
    expect(stdout).toStartWith(`Found Ollama at ${ollama.url}.\n`)
    expect(stdout).not.toMatch(/simulated/i)
    expect(stdout).toContain(`Hello from ${MODEL}, a fake model.`)
    expect(ollama.calls('/api/chat')).toHaveLength(1)
  })

  test('leaves models that run on ollama.com alone, and asks one that is here', async () => {
    const ollama = await startOllama(['gpt-oss:120b-cloud', MODEL])
    expect(await once(firstTime(ollama.url))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`demo asks ${MODEL}: `),
    })
  })

  test('with an Ollama that has no model says so and simulates one', async () => {
    const ollama = await startOllama([])
    const { code, stdout } = await once(firstTime(ollama.url))
    expect(code).toBe(0)
    expect(stdout).toStartWith(`Ollama at ${ollama.url} has no model yet, so a SIMULATED`)
  })

  test('shows each token before Ollama has made the next', async () => {
    const ollama = await startOllama()
    const words = ['First', ' second', ' third']
    const held = gates(words.length + 1)
    const passages = { gates: held.map(({ passed }) => passed) }
    ollama.once('/api/chat', stream(chatRecords(MODEL, words), passages))
    await using shown = watch(firstTime(ollama.url), ['--once'])
    await shown.waitFor(/asks/)
    for (const [i, word] of words.entries()) {
      held[i]?.open()
      await shown.waitFor(new RegExp(`${word}$`))
    }
    held.at(-1)?.open()
    expect(await shown.exited).toBe(0)
  })

  test('tells of an answer that breaks off, and ends with 1', async () => {
    const ollama = await startOllama()
    ollama.once('/api/chat', [
      stream([chatChunk(MODEL, 'So far')]),
      errorMidStream('the runner has died'),
    ])
    const { code, stdout, stderr } = await once(firstTime(ollama.url))
    expect(code).toBe(1)
    expect(stdout).toEndWith('So far\n')
    expect(stderr).toMatch(/^parallama: the answer broke off: [^\n]*\n$/)
  })

  test('works a second time, with the same user and a new key', async () => {
    const env = firstTime((await startOllama()).url)
    const keys = [await once(env), await once(env)].map(({ code, stdout }) => {
      expect(code).toBe(0)
      return /plk_\w+/.exec(stdout)?.[0]
    })
    expect(new Set(keys).size).toBe(2)
    const dataDir = join(env.XDG_DATA_HOME, 'parallama/demo')
    const { stdout } = await runProgram(['user', 'list', '--json', '--data-dir', dataDir], { env })
    expect(JSON.parse(stdout)).toMatchObject([{ username: 'demo' }])
    expect((await runProgram(['user', 'list', '--json'], { env })).stdout.trim()).toBe('[]')
  })

  test('leaves no process and no open port behind', async () => {
    await using shown = watch(firstTime(), ['--once'])
    expect(await shown.exited).toBe(0)
    const addresses = shown.screen().match(/http:\/\/127\.0\.0\.1:\d+/g)
    expect(new Set(addresses).size).toBe(3)
    for (const url of new Set(addresses)) await expect(fetch(url)).rejects.toThrow()
    expect(() => process.kill(-shown.pid, 0)).toThrow('ESRCH')
  })

  test('names a port that is taken, and the flag that changes it', async () => {
    const other = await startOllama()
    const { code, stdout, stderr } = await runProgram(
      ['demo', '--once', '--port', String(other.port)],
      { env: firstTime() },
    )
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      new RegExp(`^parallama: port ${other.port} on 127.0.0.1 is taken; [^\n]*--port[^\n]*\n$`),
    )
  })
})

describe('demo', () => {
  test('serves on, so that the lines it shows work as they stand', async () => {
    const env = firstTime()
    await using shown = watch(env)
    await shown.waitFor(/Serving until you press Ctrl-C/)
    const screen = shown.screen().replaceAll('\r', '')
    const [, lines = '', usage = ''] =
      /^The same with curl.*:\n(.*?)\n\nAll of it: parallama ([^\n]*)/ms.exec(screen) ?? []
    const curl = Bun.spawn(['sh', '-ec', lines], { stdout: 'pipe', stderr: 'ignore' })
    const said = await curl.stdout.text()
    expect(await curl.exited).toBe(0)
    expect(said).toContain('"done":true')
    expect(said).toContain('"models":[{')
    const { stdout } = await runProgram(usage.split(' '), { env })
    expect(stdout.match(/^.* chat +llama3\.2:3b .* completed$/gm)).toHaveLength(2)
    shown.pressCtrlC()
    expect(await shown.exited).toBe(0)
  })

  test('ends with 0 when a supervisor tells it to stop', async () => {
    await using shown = watch(firstTime((await startOllama()).url))
    await shown.waitFor(/Serving until you press Ctrl-C/)
    shown.kill('SIGTERM')
    expect(await shown.exited).toBe(0)
  })

  test('ends at Ctrl-C while the model is still loading, too', { timeout: 10_000 }, async () => {
    const ollama = await startOllama()
    ollama.on('/api/chat', hang())
    const asked = ollama.nextRequest('/api/chat')
    await using shown = watch(firstTime(ollama.url))
    await asked
    const left = ollama.nextAbort()
    shown.pressCtrlC()
    await left
    expect([0, 130]).toContain(await shown.exited)
  })
})
