import { systemClock } from './domain/clock.ts'
import type { Config } from './settings.ts'
import { createBackend } from './upstream/backend.ts'
import { type BackendHealth, createHealth } from './upstream/health.ts'
import { createHttpClient } from './upstream/http/client.ts'
import { createOllamaClient } from './upstream/ollama.ts'

/** How each of the configured hosts is, for who asks once. */
export async function hostHealth({
  ollamaUrls,
}: Pick<Config, 'ollamaUrls'>): Promise<readonly BackendHealth[]> {
  const http = createHttpClient()
  try {
    const backends = ollamaUrls.map(createBackend)
    const client = createOllamaClient(http)
    return await createHealth({ client, backends, clock: systemClock }).check()
  } finally {
    http.close()
  }
}
