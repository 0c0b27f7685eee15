import { systemClock } from './domain/clock.ts'
import { createRelay } from './gateways/relay.ts'
import type { Log } from './log.ts'
import type { LiveRequests } from './services/live-requests.ts'
import type { Config } from './settings.ts'
import { createBackend } from './upstream/backend.ts'
import { createHealth } from './upstream/health.ts'
import { createHttpClient } from './upstream/http/client.ts'
import { createInventory } from './upstream/inventory.ts'
import { createOllamaClient } from './upstream/ollama.ts'
import { createPool } from './upstream/pool.ts'

/** The way to the Ollama hosts and back. */
export function openUpstream(
  { ollamaUrls }: Pick<Config, 'ollamaUrls'>,
  { live, log }: { readonly live: LiveRequests; readonly log: Log },
) {
  const clock = systemClock
  const http = createHttpClient()
  const client = createOllamaClient(http)
  const backends = ollamaUrls.map(createBackend)
  const inventory = createInventory({ client, clock })
  const pool = createPool({ backends, client, clock, inventory })
  return {
    needs: {
      pool,
      locate: pool.locate,
      relay: createRelay({ pool, live, log }),
      health: createHealth({ backends, client, clock }),
    },
    /** Ends every connection. */
    close: http.close,
  }
}
