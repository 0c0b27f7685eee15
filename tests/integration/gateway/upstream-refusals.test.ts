import { describe, expect, test } from 'bun:test'
import {
  badGateway,
  cutShort,
  emptyForbidden,
  errorBefore,
  errorMidStream,
  headers,
  redirect,
  reset,
  respond,
  type Script,
} from '../../support/fake-ollama/script.ts'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

interface Expected {
  readonly status: number
  readonly code: string
  readonly error: string
  readonly retryAfter?: string
  /** How often Ollama is asked; default once. */
  readonly calls?: number
}

const SENSELESS = 'Ollama gave an answer that makes no sense; try again'
const BROKEN = 'the connection to Ollama broke; try again'

const REFUSALS: readonly [string, Script, Expected][] = [
  [
    'a bad request',
    errorBefore(400, 'top_logprobs must be between 0 and 20'),
    { status: 400, code: 'bad_request', error: 'top_logprobs must be between 0 and 20' },
  ],
  [
    'a model that has just gone',
    errorBefore(404, 'model "registry.ollama.ai/library/llama3.2:3b" not found, try pulling it'),
    { status: 404, code: 'model_not_found', error: `model '${MODEL}' not found` },
  ],
  [
    'too many requests',
    errorBefore(429, 'slow down'),
    { status: 503, code: 'upstream_busy', error: 'slow down', retryAfter: '2' },
  ],
  [
    'a full queue',
    errorBefore(503, 'server busy, please try again.  maximum pending requests exceeded'),
    {
      status: 503,
      code: 'upstream_busy',
      error: 'server busy, please try again.  maximum pending requests exceeded',
      retryAfter: '2',
    },
  ],
  [
    'a crash that tells of the host',
    errorBefore(
      500,
      'http://10.1.2.3:11434/x: open /usr/share/ollama/.ollama/models/blobs/sha256-ab: no such file',
    ),
    {
      status: 500,
      code: 'upstream_error',
      error: '<address> open <path>: no such file',
    },
  ],
  [
    'a sign-in link',
    errorBefore(401, { error: 'unauthorized', signin_url: 'https://ollama.com/connect?key=abc' }),
    { status: 502, code: 'upstream_error', error: SENSELESS },
  ],
  ['a page of HTML', badGateway(), { status: 502, code: 'upstream_error', error: SENSELESS }],
  ['an empty 403', emptyForbidden(), { status: 502, code: 'upstream_error', error: SENSELESS }],
  [
    'a 500 without words',
    respond(500, 'text/plain', 'goroutine 1 [running]: /root/ollama/main.go:12'),
    { status: 502, code: 'upstream_error', error: SENSELESS },
  ],
  [
    // On a connection that was kept, an end at once is taken for one that came before the request.
    'a reset, twice',
    reset(),
    { status: 502, code: 'upstream_error', error: BROKEN, calls: 2 },
  ],
  [
    'a document that breaks off',
    [
      headers(200, { 'Content-Type': 'application/json' }),
      (reply) => reply.write('{"mod'),
      cutShort(),
    ],
    { status: 502, code: 'upstream_error', error: BROKEN },
  ],
]

describe('where Ollama refuses before it answers', () => {
  test.each(REFUSALS)(
    '%s comes out clean, and is one row without tokens',
    async (_, script, expected) => {
      await using stage = await setStage()
      stage.ollama.on('/api/chat', script)
      const response = await stage.post('/ollama/api/chat', CHAT)
      const { status, code, error, retryAfter = null, calls = 1 } = expected
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(response.headers.get('retry-after')).toBe(retryAfter)
      const body = await response.text()
      expect(body).not.toContain('\n')
      expect(JSON.parse(body)).toEqual({
        error,
        code,
        status,
        request_id: response.headers.get('x-request-id'),
      })
      expect(stage.ollama.calls('/api/chat')).toHaveLength(calls)
      expect(await stage.gateway.usageOf(stage.user)).toMatchObject([
        { outcome: 'failed', error_code: code, status, prompt_tokens: 0, completion_tokens: 0 },
      ])
    },
  )

  test('a redirect is not followed, wherever it leads', async () => {
    await using stage = await setStage()
    await using elsewhere = await setStage()
    for (const status of [301, 302, 307, 308]) {
      stage.ollama.once('/api/chat', redirect(`${elsewhere.ollama.url}/api/chat`, status))
      const response = await stage.post('/ollama/api/chat', CHAT)
      expect(response.status).toBe(502)
      expect(response.headers.get('location')).toBeNull()
      expect(await response.json()).toMatchObject({ code: 'upstream_error', error: SENSELESS })
    }
    expect(elsewhere.asked()).toEqual([])
  })

  test('the model is called as its caller calls it', async () => {
    const models = [{ name: MODEL, capabilities: ['completion'] }]
    const settings = { gateways: { openai: { model_mappings: { 'gpt-4': MODEL } } } }
    await using stage = await setStage({ ollama: { models }, settings })
    const as = await stage.gateway.user({ roles: ['premium'] })
    const chat = async (more: object) => {
      const body = { ...CHAT, model: 'gpt-4', ...more }
      const response = await stage.post('/openai/v1/chat/completions', body, { as })
      return await response.text()
    }
    const tools = [{ type: 'function', function: { name: 'weather' } }]
    expect(await chat({ tools })).toContain('"gpt-4 does not support tools"')
    expect(await chat({ think: true })).toContain('"\\"gpt-4\\" does not support thinking"')
    stage.ollama.once('/api/chat', errorMidStream(`${MODEL} has crashed`))
    expect(await chat({ stream: true })).toContain('"gpt-4 has crashed"')
  })

  test('the log keeps what really happened', async () => {
    await using stage = await setStage()
    stage.ollama.once('/api/chat', badGateway())
    const response = await stage.post('/ollama/api/chat', CHAT)
    const { request_id } = (await response.json()) as { request_id: string }
    const refusals = stage.gateway.log.filter(({ message }) => message === 'request refused')
    expect(refusals).toHaveLength(1)
    expect(refusals[0]).toMatchObject({ level: 'error', fields: { request_id, status: 502 } })
    expect(JSON.stringify(refusals)).toContain('502 Bad Gateway')
  })
})
