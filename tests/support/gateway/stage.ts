import type { Flags } from '../../../app/config.ts'
import type { Gateway } from '../../../app/gateways/gateway.ts'
import type { RecordedRequest } from '../fake-ollama/recorder.ts'
import { type FakeOllama, type FakeOllamaOptions, startFakeOllama } from '../fake-ollama.ts'
import { startGateway, type TestGateway } from '../gateway.ts'
import type { TestUser } from './people.ts'

/** The model that every fake Ollama has unless it is told otherwise. */
export const MODEL = 'llama3.2:3b'

/** The shortest chat; streamed, as Ollama's default is. */
export const CHAT = { model: MODEL, messages: [{ role: 'user', content: 'hi' }] } as const

export interface StageOptions {
  readonly database?: { readonly url: string }
  readonly ollama?: FakeOllamaOptions
  /** The APIs in front of Ollama; those of the registry when left out. */
  readonly gateways?: readonly Gateway[]
  readonly settings?: Flags
}

/** What a request can carry as it is. */
type Body = NonNullable<RequestInit['body']>

export interface Sending {
  /** Who sends it; default the stage's user. `null` sends no key. */
  readonly as?: TestUser | null | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Of a request without a body; default GET. */
  readonly method?: string
  readonly signal?: AbortSignal
}

/** One fake Ollama, a gateway in front of it, and a user of the role `basic`. */
export interface Stage extends AsyncDisposable {
  readonly ollama: FakeOllama
  readonly gateway: TestGateway
  readonly user: TestUser
  /** What the fake was asked, but for the list of models, which the gateway reads for itself. */
  asked(): RecordedRequest[]
  get(path: string, sending?: Sending): Promise<Response>
  /** An object is sent as JSON, anything else as it is. */
  post(path: string, body: Body | object, sending?: Sending): Promise<Response>
  send(method: string, path: string, body: Body | object, sending?: Sending): Promise<Response>
}

/** Sets a stage, to be held with `await using`: it is taken down at the end of the test. */
export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const { database, gateways, settings = {} } = options
  const ollama = await startFakeOllama({ numParallel: 64, ...options.ollama })
  const gateway = await startGateway({ ollama, database, gateways, settings })
  const user = await gateway.user()

  const send: Stage['send'] = (method, path, body, sending) =>
    fetch(gateway.url + path, {
      ...toInit(sending, user, isJson(body) ? 'application/json' : undefined),
      method,
      body: isJson(body) ? JSON.stringify(body) : (body as Body),
    })

  return {
    ollama,
    gateway,
    user,
    asked: () => ollama.requests.filter(({ path }) => path !== '/api/tags'),
    get: (path, sending) => fetch(gateway.url + path, toInit(sending, user)),
    post: (path, body, sending) => send('POST', path, body, sending),
    send,
    async [Symbol.asyncDispose]() {
      await gateway.stop()
      await ollama.stop()
    },
  }
}

const isJson = (body: Body | object): boolean =>
  typeof body === 'object' && Object.getPrototypeOf(body) === Object.prototype

function toInit(
  { as, headers, method, signal }: Sending = {},
  user: TestUser,
  contentType?: string,
): RequestInit {
  const who = as === undefined ? user : as
  return {
    redirect: 'manual',
    ...(method && { method }),
    headers: {
      ...(who && { authorization: `Bearer ${who.key}` }),
      ...(contentType && { 'content-type': contentType }),
      ...headers,
    },
    ...(signal && { signal }),
  }
}
