import { Connection } from './fake-ollama/connection.ts'
import type { LedgerEntry } from './fake-ollama/ledger.ts'
import { parseModelName } from './fake-ollama/model-name.ts'
import { type FakeModelOptions, ModelStore } from './fake-ollama/models.ts'
import { Peer } from './fake-ollama/peer.ts'
import { pathname, type RecordedRequest, Recorder } from './fake-ollama/recorder.ts'
import type { Reply } from './fake-ollama/reply.ts'
import { route } from './fake-ollama/routes.ts'
import { Runner, type RunnerOptions } from './fake-ollama/runner.ts'
import { play, type Scripted } from './fake-ollama/script.ts'
import type { FakeState } from './fake-ollama/state.ts'

/** What a fake Ollama has and how it behaves where no script says otherwise. */
export interface FakeOllamaOptions extends RunnerOptions {
  /** Installed models; default one, `llama3.2:3b`. */
  readonly models?: readonly (string | FakeModelOptions)[]
  /** Further names that /api/pull can find. */
  readonly registry?: readonly string[]
  /** Loopback port; default a free one. */
  readonly port?: number
  readonly version?: string
  readonly noCloud?: boolean
  /** The text of a default answer; it is streamed word by word. */
  readonly answer?: (model: string, prompt: string) => string
}

/** A running fake. Counters and queues cover its whole life. */
export interface FakeOllama
  extends Pick<
    Recorder,
    'calls' | 'idle' | 'inFlight' | 'nextAbort' | 'nextRequest' | 'peakInFlight' | 'requests'
  > {
  readonly url: string
  readonly port: number
  /** One entry per answered request, in order of arrival. */
  readonly ledger: readonly LedgerEntry[]
  /** Requests that reached, or would have reached, the operator's ollama.com account. */
  readonly cloudCalls: readonly RecordedRequest[]
  readonly models: ModelStore
  /** Plays the script for every request to this path, until the result is called. */
  on(path: string, script: Scripted): () => void
  /** Plays the script for the next request to this path that has none yet; calls queue up. */
  once(path: string, script: Scripted): void
  /** How often the model was loaded, reloads included. */
  loads(model: string): number
  /** Resets all connections and frees the port. */
  stop(): Promise<void>
}

/** Starts a scriptable Ollama on 127.0.0.1. Without scripts it behaves like the real one. */
export async function startFakeOllama(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const state = stateOf(options)
  const recorder = new Recorder()
  const ledger: LedgerEntry[] = []
  const lasting = new Map<string, Scripted>()
  const queued = new Map<string, Scripted[]>()
  const peers = new Set<Peer>()

  const answer = async (reply: Reply): Promise<void> => {
    const path = pathname(reply.request)
    const scripted = queued.get(path)?.shift() ?? lasting.get(path)
    if (!scripted) return route(reply, state)
    const dynamic = typeof scripted === 'object' && 'byRequest' in scripted
    await play(dynamic ? scripted.byRequest(reply.request) : scripted, reply)
  }
  const listener = Bun.listen<Peer>({
    hostname: '127.0.0.1',
    port: options.port ?? 0,
    socket: {
      open(socket) {
        socket.data = new Peer(new Connection(socket), { recorder, ledger, answer })
        peers.add(socket.data)
      },
      data: (socket, bytes) => socket.data.receive(bytes),
      drain: (socket) => socket.data.connection.onDrain(),
      end: (socket) => socket.data.leave(),
      close(socket) {
        socket.data.leave()
        peers.delete(socket.data)
      },
    },
  })

  return {
    requests: recorder.requests,
    calls: (path) => recorder.calls(path),
    idle: () => recorder.idle(),
    inFlight: (model) => recorder.inFlight(model),
    nextAbort: () => recorder.nextAbort(),
    nextRequest: (path) => recorder.nextRequest(path),
    peakInFlight: (model) => recorder.peakInFlight(model),
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    ledger,
    cloudCalls: state.cloudCalls,
    models: state.models,
    on(path, script) {
      lasting.set(path, script)
      return () => lasting.get(path) === script && lasting.delete(path)
    },
    once(path, script) {
      queued.set(path, [...(queued.get(path) ?? []), script])
    },
    loads: (model) => state.runner.loads(state.models.find(parseModelName(model))),
    async stop() {
      listener.stop()
      for (const peer of peers) peer.kill()
    },
  }
}

function stateOf(options: FakeOllamaOptions): FakeState {
  return {
    models: new ModelStore(options.models ?? ['llama3.2:3b']),
    runner: new Runner(options),
    blobs: new Set(),
    registry: options.registry ?? [],
    version: options.version ?? '0.32.15',
    noCloud: options.noCloud ?? false,
    cloudCalls: [],
    answer: options.answer ?? ((model) => `Hello from ${model}, a fake model.`),
  }
}
