import { describe, expect, test } from 'bun:test'
import { Ollama } from 'ollama'
import { serveProgram } from '../../support/cli-program.ts'
import { logText } from '../../support/gateway/log.ts'
import { CHAT, setStage } from '../../support/gateway/stage.ts'
import { TEST_SECRET } from '../../support/gateway.ts'

const SHORT = { ...CHAT, stream: false }

describe('a key in the path', () => {
  test('is not accepted unless it is switched on', async () => {
    await using stage = await setStage()
    const response = await stage.post(`/ollama/k/${stage.user.key}/api/chat`, SHORT, { as: null })
    expect(response.status).toBeOneOf([401, 404])
    expect(stage.asked()).toEqual([])
  })

  test('serves a client that can send no header', async () => {
    await using stage = await setStage({ settings: { keyInPath: true } })
    const base = `${stage.gateway.url}/ollama/k/${stage.user.key}`
    const client = new Ollama({ host: base })
    expect((await client.chat({ model: CHAT.model, messages: [...CHAT.messages] })).done).toBeTrue()
    expect((await client.list()).models).toHaveLength(1)
    for (const path of [`${base}/`, base]) {
      expect(await (await fetch(path)).text()).toBe('Ollama is running')
    }
    expect(await stage.gateway.usageOf(stage.user)).toHaveLength(2)
  })

  test('is refused when it is wrong, missing, or another than in the headers', async () => {
    await using stage = await setStage({ settings: { keyInPath: true } })
    const { key } = await stage.gateway.user()
    const wrong = key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))
    const status = async (path: string, as: null | undefined) =>
      (await stage.post(path, SHORT, { as })).status
    expect(await status(`/ollama/k/${wrong}/api/chat`, null)).toBe(401)
    expect(await status('/ollama/k//api/chat', null)).toBeOneOf([401, 404])
    expect(await status(`/ollama/k/${key}/api/chat`, undefined)).toBe(400)
    expect(await status(`/ollama/k/${stage.user.key}/api/chat`, undefined)).toBe(200)
    expect(await status(`/ollama/k/${key}/k/${key}/api/chat`, null)).toBe(404)
  })

  test('is in no line of the log and in no answer, whatever becomes of the request', async () => {
    await using stage = await setStage({ settings: { keyInPath: true } })
    const { key } = stage.user
    const paths = [
      `/ollama/k/${key}/api/chat`,
      `/ollama/k/${key}/api/nothing`,
      `/ollama//k/${key}//api/chat`,
      `/ollama/k/${key}`,
      `/ollama/k/${key}?key=${key}`,
      `/ollama/K/${key}/api/chat`,
      `/ollama/%6b/${key}/api/chat`,
      `/ollama/k/${key}%2Fapi/chat`,
      `/ollama/x/../k/${key}/api/chat`,
      `/k/${key}/api/chat`,
      `/ollama/k/x/k/${key}/api/chat`,
      `/ollama/api/blobs/${key}`,
    ]
    for (const path of paths) {
      for (const body of [SHORT, { model: 'nothing' }, '{']) {
        const text = await (await stage.post(path, body, { as: null })).text()
        expect(text).not.toContain(key)
      }
    }
    expect(stage.gateway.log.length).toBeGreaterThan(paths.length)
    expect(logText(stage.gateway.log)).not.toContain(key)
  })

  test('is in no line that the program writes, at its most talkative', async () => {
    await using stage = await setStage()
    const { key } = stage.user
    await using serving = await serveProgram(
      ['--log-level', 'debug', '--ollama-urls', stage.ollama.url],
      {
        env: {
          PARALLAMA_KEY_IN_PATH: 'true',
          PARALLAMA_SECRET: TEST_SECRET,
          PARALLAMA_DATABASE_URL: stage.gateway.databaseUrl,
        },
      },
    )
    for (const path of ['api/chat', 'api/nothing', 'api/chat?x=1']) {
      const url = `${serving.url}/ollama/k/${key}/${path}`
      await (await fetch(url, { method: 'POST', body: JSON.stringify(SHORT) })).text()
    }
    const { code, stdout, stderr } = await serving.stop()
    expect(code).toBe(0)
    expect(stderr.split('\n').length).toBeGreaterThan(4)
    expect(stdout + stderr).not.toContain(key)
    expect(stdout + stderr).not.toContain(key.slice(14))
  })
})
