import { expect, test } from 'bun:test'
import { cliLines } from '../../support/cli-lines.ts'
import { twoModels } from '../../support/cli-models.ts'
import { serveProgram } from '../../support/cli-program.ts'

/** How long a change may take to be seen by the server, in ms. */
const MOST_MS = 20_000

const { env } = await twoModels()
const { json: cli } = cliLines(env)

test('what is decided on the command line holds on a running server', async () => {
  await using serving = await serveProgram([], { env })
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
