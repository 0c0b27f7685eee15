import { systemClock } from './domain/clock.ts'
import type { Config } from './settings.ts'
import { createBackend } from './upstream/backend.ts'
import { createHttpClient } from './upstream/http/client.ts'
import { createInventory } from './upstream/inventory.ts'
import { createOllamaClient } from './upstream/ollama.ts'

/** The canonical names of all models on the configured hosts; null when one of them can't be asked. */
export async function installedModels({
  ollamaUrls,
}: Pick<Config, 'ollamaUrls'>): Promise<readonly string[] | null> {
  const http = createHttpClient()
  try {
    const inventory = createInventory({ client: createOllamaClient(http), clock: systemClock })
    const lists = await Promise.all(
      ollamaUrls.map(async (url) => [...(await inventory.models(createBackend(url))).keys()]),
    )
    return [...new Set(lists.flat())].sort()
  } catch {
    return null
  } finally {
    http.close()
  }
}
