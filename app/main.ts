import { setTimeout as sleep } from 'node:timers/promises'
import { openDeps } from './deps.ts'
import { StartupError } from './errors/startup-error.ts'
import type { Gateway } from './gateways/gateway.ts'
import { GATEWAYS } from './gateways/registry.ts'
import type { Log } from './log.ts'
import { createServer } from './server.ts'
import type { Config } from './settings.ts'
import type { Migrate } from './store.ts'

export interface StartOptions {
  readonly log: Log
  readonly migrate?: Migrate
  /** The APIs in front of Ollama; those of the registry when left out. */
  readonly gateways?: readonly Gateway[]
}

export interface RunningServer {
  /** Where it listens, as `http://host:port`. */
  readonly url: string
  /**
   * Stops taking requests after the drain delay, lets the running ones end until the drain timeout,
   * cuts the rest with an error record, commits the ledger and lets go of everything. A second call
   * cuts at once.
   */
  stop(): Promise<void>
}

/** Starts the gateway. Throws a StartupError when a port is taken or the database can't be used. */
export async function start(
  config: Config,
  { log, migrate = 'always', gateways = GATEWAYS }: StartOptions,
): Promise<RunningServer> {
  const deps = await openDeps(config, { log, migrate, gateways })
  const handle = createServer(deps.needs)
  const server = await listen(config, handle).catch(async (err: unknown) => {
    await deps.close()
    throw err
  })
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${server.port}`
  log.info({ url, ollama: config.ollamaUrls }, 'serving')

  let stopping: Promise<void> | null = null
  const hurry = Promise.withResolvers<void>()
  const stop = async (): Promise<void> => {
    deps.drain()
    log.info({ live: deps.live.size }, 'stopping')
    await Promise.race([hurry.promise, sleep(config.drainDelaySeconds * 1000)])
    const closed = server.stop(false)
    await drained(deps.live, config.drainTimeoutSeconds * 1000)
    deps.live.cutAll()
    await Promise.race([closed, sleep(LAST_BYTES_MS)])
    await server.stop(true)
    await deps.close()
    log.info({}, 'stopped')
  }
  return {
    url,
    stop() {
      if (stopping) {
        hurry.resolve()
        deps.live.cutAll()
      }
      stopping ??= stop()
      return stopping
    },
  }
}

/** How long error records and last bytes may take to leave, in ms. */
const LAST_BYTES_MS = 1000
const DRAIN_POLL_MS = 50

async function drained(live: { readonly size: number }, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (live.size > 0 && performance.now() < deadline) {
    await sleep(DRAIN_POLL_MS)
  }
}

async function listen(config: Config, handle: ReturnType<typeof createServer>) {
  try {
    return Bun.serve({
      hostname: config.host,
      port: config.port,
      // Loading a model takes longer than any idle timeout; deadlines are ours.
      idleTimeout: 0,
      maxRequestBodySize: config.maxUploadBytes,
      development: false,
      // Otherwise a second server on the same port would start and take half of the connections.
      reusePort: false,
      fetch(request, server) {
        let peer: string | null | undefined
        const peerAddress = (): string | null => {
          // Asked for by more than one, and slow to be told.
          if (peer === undefined) peer = server.requestIP(request)?.address ?? null
          return peer
        }
        return handle(request, { peerAddress })
      },
    })
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? err.code : null
    if (code === 'EADDRINUSE') {
      throw new StartupError(
        `port ${config.port} on ${config.host} is taken; choose another with --port, or --port 0 for any`,
        { cause: err },
      )
    }
    throw new StartupError(`can't listen on ${config.host}:${config.port}: ${String(err)}`, {
      cause: err,
    })
  }
}
