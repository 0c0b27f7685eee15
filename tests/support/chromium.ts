import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Skip } from './servers.ts'
import { onTerminal } from './terminal.ts'

/** A page that a browser has opened, and what it did. */
export interface Page {
  /** Every address that it asked for, in order. */
  readonly requests: readonly string[]
  /** Errors and warnings: of scripts, of the console, of the network and of the page's own policy. */
  readonly troubles: readonly string[]
  /** Opens the address. */
  open(url: string): Promise<void>
  /** What an expression is in the page, as JSON has it; a promise is waited for. */
  evaluate(expression: string): Promise<unknown>
}

export interface Browser extends AsyncDisposable {
  newPage(): Promise<Page>
}

/** Starts Chromium without a window, or says why there is none; throws when it is required. */
export async function startChromium(): Promise<Browser | Skip> {
  const binary = Bun.which('chromium') ?? Bun.which('chromium-browser')
  if (!binary) {
    const skip = 'no Chromium: install it (chromium was looked for in PATH)'
    if (process.env.PARALLAMA_TEST_REQUIRE_SERVERS === '1') throw new Error(skip)
    process.stderr.write(`cases that need it are skipped: ${skip}\n`)
    return { skip }
  }
  const folder = await mkdtemp(join(tmpdir(), 'parallama-chromium-'))
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run']
  const program = onTerminal(
    [
      binary,
      ...flags,
      ...['--disable-background-networking', '--disable-component-update'],
      ...[`--user-data-dir=${folder}`, '--remote-debugging-port=0', 'about:blank'],
    ],
    { env: { PATH: process.env.PATH ?? '', HOME: folder } },
  )
  const [, url = ''] = await program.waitFor(/DevTools listening on (ws:\/\/\S+)/)
  const link = await connect(url)
  return {
    newPage: () => newPage(link),
    async [Symbol.asyncDispose]() {
      link.close()
      await program[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

/** What is read of what the browser tells. */
interface Params {
  readonly request?: { readonly url: string }
  readonly entry?: { readonly level: string }
  readonly type?: string
}

interface Message {
  readonly id?: number
  readonly sessionId?: string
  readonly method?: string
  readonly params?: Params
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly message: string }
}

type Link = Awaited<ReturnType<typeof connect>>

/** Speaks the browser's own protocol: https://chromedevtools.github.io/devtools-protocol/. */
async function connect(url: string) {
  const socket = new WebSocket(url)
  const opened = Promise.withResolvers<void>()
  const asked = new Map<number, PromiseWithResolvers<Message>>()
  const listeners = new Map<string, (message: Message) => void>()
  socket.onopen = () => opened.resolve()
  socket.onerror = () => opened.reject(new Error(`can't connect to ${url}`))
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id !== undefined) asked.get(message.id)?.resolve(message)
    else listeners.get(message.sessionId ?? '')?.(message)
  }
  await opened.promise
  return {
    async send(method: string, params: object = {}, sessionId?: string) {
      const id = asked.size + 1
      const answer = Promise.withResolvers<Message>()
      asked.set(id, answer)
      socket.send(JSON.stringify({ id, method, params, sessionId }))
      const { result = {}, error } = await answer.promise
      if (error) throw new Error(`${method}: ${error.message}`)
      return result
    },
    listen: (sessionId: string, listener: (message: Message) => void) =>
      listeners.set(sessionId, listener),
    close: () => socket.close(),
  }
}

async function newPage(link: Link): Promise<Page> {
  const { targetId } = await link.send('Target.createTarget', { url: 'about:blank' })
  const attach = { targetId, flatten: true }
  const sessionId = String((await link.send('Target.attachToTarget', attach)).sessionId)
  const send = (method: string, params: object = {}) => link.send(method, params, sessionId)
  const requests: string[] = []
  const troubles: string[] = []
  let loaded = Promise.withResolvers<void>()
  link.listen(sessionId, ({ method = '', params = {} }) => {
    if (method === 'Network.requestWillBeSent') requests.push(params.request?.url ?? '')
    if (method === 'Page.loadEventFired') loaded.resolve()
    if (isTrouble(method, params)) troubles.push(`${method} ${JSON.stringify(params)}`)
  })
  for (const domain of ['Network', 'Page', 'Runtime', 'Log', 'Audits'])
    await send(`${domain}.enable`)
  return {
    requests,
    troubles,
    async open(url) {
      loaded = Promise.withResolvers()
      await send('Page.navigate', { url })
      await loaded.promise
    },
    async evaluate(expression) {
      const options = { expression, awaitPromise: true, returnByValue: true }
      const { result, exceptionDetails } = await send('Runtime.evaluate', options)
      if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
      return (result as { value?: unknown } | undefined)?.value
    },
  }
}

function isTrouble(method: string, { entry, type = '' }: Params): boolean {
  const isSaid = method === 'Log.entryAdded' || method === 'Runtime.consoleAPICalled'
  if (isSaid) return ['error', 'warning', 'assert'].includes(entry?.level ?? type)
  return ['Runtime.exceptionThrown', 'Audits.issueAdded', 'Network.loadingFailed'].includes(method)
}
