import { hostname } from 'node:os'
import { type Admin, createAdmin } from '../app/admin.ts'
import { openKeyring, readMasterSecret } from '../app/auth/secrets.ts'
import { loadConfig } from '../app/config.ts'
import { GATEWAYS } from '../app/gateways/registry.ts'
import { installedModels } from '../app/installed-models.ts'
import { requireKnownGateways } from '../app/open-gateways.ts'
import { openShared } from '../app/open-shared.ts'
import type { Actor } from '../app/services/actor.ts'
import type { Config } from '../app/settings.ts'
import { explainDatabase, openStore } from '../app/store.ts'
import { systemUser } from './system-user.ts'

/** The shared flags, as every command receives them. */
export interface ConfigArgs {
  readonly config?: string | undefined
  readonly dataDir?: string | undefined
  readonly databaseUrl?: string | undefined
}

/** The configuration as the command's flags, the environment and the file make it. */
export const configFor = ({ config, dataDir, databaseUrl }: ConfigArgs): Config =>
  loadConfig({ dataDir, databaseUrl }, config)

/** Who the audit log says it was: whoever can read the secret and the database may do everything. */
export const actor = (): Actor => ({
  name: `cli:${systemUser()}`,
  address: hostname(),
  requestId: null,
  principal: null,
})

/**
 * Runs an administrative act on the configured database and closes it again. A new database gets
 * its schema; an old one is refused.
 */
export const withAdmin = <T>(args: ConfigArgs, act: (admin: Admin) => Promise<T>): Promise<T> =>
  withAdminOf(configFor(args), act)

/** The same for a configuration that is there already. */
export async function withAdminOf<T>(
  config: Config,
  act: (admin: Admin) => Promise<T>,
): Promise<T> {
  requireKnownGateways(config, GATEWAYS)
  const store = await openStore(config, 'when-new')
  const shared = openShared(config, store.db)
  try {
    const keyring = openKeyring(readMasterSecret(config.secret, config.secretFile))
    return await act(
      createAdmin({
        ...config,
        db: store.db,
        keyring,
        buckets: shared.buckets,
        announce: shared.revision.announce,
        installedModels: () => installedModels(config),
      }),
    )
  } catch (err) {
    throw explainDatabase(err, config)
  } finally {
    await shared.close()
    await store.close()
  }
}
