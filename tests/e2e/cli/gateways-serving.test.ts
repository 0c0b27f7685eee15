import { afterAll, expect, test } from 'bun:test'
import { runProgram, serveProgram } from '../../support/cli-program.ts'
import { startFakeOllama } from '../../support/fake-ollama.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** How long a change may take to be seen by the server, in ms. */
const MOST_MS = 20_000

const ollama = await startFakeOllama({ models: ['llama3.2:3b', 'qwen3:8b'] })
afterAll(() => ollama.stop())

const env = {
  PARALLAMA_DATA_DIR: temporaryFolder(),
  PARALLAMA_OLLAMA_URLS: ollama.url,
  PARALLAMA_GATEWAYS: '{ollama: {model_mappings: {tiny: "llama3.2:3b"}}}',
}

test('what is decided on the command line holds on a running server', async () => {
  await using serving = await serveProgram([], { env })
  const cli = async (line: string) => {
    const { code, stdout, stderr } = await runProgram([...line.split(' '), '--json'], { env })
    expect([line, code, stderr]).toEqual([line, 0, ''])
    return JSON.parse(stdout)
  }
  await cli('user create anna')
  const { key } = await cli('key generate anna')
  const chat = async (model?: string): Promise<number> => {
    const response = await fetch(`${serving.url}/ollama/api/chat`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
    })
    await response.text()
    return response.status
  }
  /** Asks again and again until it is answered so. */
  const becomes = async (status: number, model?: string) => {
    const startedAt = performance.now()
    while ((await chat(model)) !== status)
      expect(performance.now() - startedAt).toBeLessThan(MOST_MS)
  }
  expect([await chat('tiny'), await chat('gpt-4')]).toEqual([200, 404])
  await cli('gateway config ollama --model-mapping gpt-*=qwen3:8b')
  await becomes(200, 'gpt-4')
  await cli('gateway config ollama --default-model qwen3:8b')
  await becomes(200)
  await cli('gateway toggle ollama --enabled false')
  await becomes(503, 'tiny')
  await cli('gateway toggle ollama --enabled true')
  await becomes(200, 'tiny')
})
