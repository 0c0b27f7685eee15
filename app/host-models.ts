import { systemClock } from './domain/clock.ts'
import type { Config } from './settings.ts'
import { createBackend } from './upstream/backend.ts'
import { createHttpClient } from './upstream/http/client.ts'
import { createInventory, type InstalledModel } from './upstream/inventory.ts'
import { createOllamaClient } from './upstream/ollama.ts'

/** A configured host and its models. */
export interface HostModels {
  /** `host:port`. */
  readonly host: string
  /** Null when it can't be asked. */
  readonly models: readonly InstalledModel[] | null
}

/** The models on each of the configured hosts, for who asks once. */
export async function hostModels({
  ollamaUrls,
}: Pick<Config, 'ollamaUrls'>): Promise<readonly HostModels[]> {
  const http = createHttpClient()
  try {
    const inventory = createInventory({ client: createOllamaClient(http), clock: systemClock })
    return await Promise.all(
      ollamaUrls.map(createBackend).map(async (backend) => {
        const models = await inventory.models(backend).catch(() => null)
        return { host: backend.name, models: models && [...models.values()] }
      }),
    )
  } finally {
    http.close()
  }
}
