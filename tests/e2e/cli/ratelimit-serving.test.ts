import { afterAll, expect, test } from 'bun:test'
import { cliLines } from '../../support/cli-lines.ts'
import { serveProgram } from '../../support/cli-program.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { startFakeOllama } from '../../support/fake-ollama.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MODEL = 'llama3.2:3b'
/** How long a change may take to be seen by the server, and what was used by the command line, in ms. */
const MOST_MS = 20_000

const folder = temporaryFolder()
const ollama = await startFakeOllama()
afterAll(() => ollama.stop())

await describeEachDatabase('a limit set on the command line', (openFresh) => {
  test('holds for a running server, shows what was used, and can be given back', async () => {
    const { url } = await openFresh()
    const env = {
      PARALLAMA_DATA_DIR: folder,
      PARALLAMA_DATABASE_URL: url,
      PARALLAMA_OLLAMA_URLS: ollama.url,
    }
    await using serving = await serveProgram([], { env })
    const { json: cli } = cliLines(env)
    await cli('user create anna')
    const { key } = await cli('key generate anna')
    const chat = async (): Promise<number> => {
      const response = await fetch(`${serving.url}/ollama/api/chat`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}` },
        body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'hi' }] }),
      })
      await response.text()
      return response.status
    }
    /** Asks again and again until it is so. */
    const eventually = async (isSo: () => Promise<boolean>) => {
      const startedAt = performance.now()
      while (!(await isSo())) expect(performance.now() - startedAt).toBeLessThan(MOST_MS)
    }
    await cli('ratelimit set anna ollama --request-daily 1')
    await eventually(async () => (await chat()) === 429)
    await eventually(async () => (await cli('ratelimit get anna'))[0].remaining === 0)
    await cli('ratelimit reset anna ollama --used')
    await eventually(async () => (await chat()) === 200)
    expect(await chat()).toBe(429)
    await cli('ratelimit reset anna ollama')
    await eventually(async () => (await chat()) === 200)
    expect(await chat()).toBe(200)
  })
})
