import type { DatabaseHandle } from '../db/client.ts'
import { newId } from '../db/ids.ts'
import { createAdmin, openPasswords } from './admin.ts'
import type { ApiNeeds } from './api/chain.ts'
import { createCursors } from './api/cursor.ts'
import { createRefreshTokens } from './auth/refresh-token.ts'
import { createLoginTurns } from './auth/turns.ts'
import { systemClock } from './domain/clock.ts'
import type { Gateway } from './gateways/gateway.ts'
import { installedModels } from './installed-models.ts'
import type { RedisLink } from './limits/redis-link.ts'
import type { Log } from './log.ts'
import { createDoorShield } from './middleware/door-shield.ts'
import { redisFailureStore } from './middleware/failure-store.ts'
import { createLoginShield } from './middleware/login-shield.ts'
import { createRefreshBudget } from './middleware/refresh-budget.ts'
import type { Identity } from './open-identity.ts'
import { openShared } from './open-shared.ts'
import { recordRefusal } from './services/audit-trail.ts'
import { createIdempotency } from './services/idempotency.ts'
import { createKeyUses } from './services/key-uses.ts'
import { createKnownPlaces } from './services/known-places.ts'
import { startUpkeep } from './services/upkeep.ts'
import type { Config } from './settings.ts'

export interface OpenApiNeeds {
  readonly store: DatabaseHandle
  readonly identity: Identity
  readonly log: Log
  /** The gateways that are served. */
  readonly gateways: readonly Gateway[]
  /** The way to Redis, if there is one. */
  readonly redis: RedisLink | null
  /** Told of each request that is refused for what its address did before. */
  readonly onBlocked: () => void
  /** Looks for changes, so that one that was made here holds here as well. */
  readonly check: () => Promise<void>
}

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** What the endpoints of our own API need of their own, and what the server does unasked. */
export async function openApi(config: Config, needs: OpenApiNeeds) {
  const { store, identity, log, gateways, redis, onBlocked, check } = needs
  const { db } = store
  const { keyring, accessTokens } = identity
  const clock = systemClock
  const shared = openShared(config, db)
  const passwords = openPasswords(config.minPasswordLength)
  const audit = { db, clock, newId }
  const failures = (name: string) => (redis ? redisFailureStore(redis, name) : null)
  const door = createDoorShield({
    limit: config.failedAuthPerMinute,
    windowMs: MINUTE_MS,
    clock,
    log,
    store: failures('door'),
    onBlocked,
  })
  const loginShield = createLoginShield({
    clock,
    log,
    store: failures,
    digestOf: (name) => keyring.mac('login-name', name),
    door,
    inTurn: createLoginTurns(),
    isKnownPlace: createKnownPlaces({ db, clock }),
  })
  const refreshBudget = createRefreshBudget({ clock, log, store: failures('refreshes') })
  const refreshTokens = createRefreshTokens(keyring)
  const api = {
    loginShield,
    refreshBudget,
    door,
    sessionIdOf: (token) => refreshTokens.read(token)?.sessionId ?? null,
    corsOrigins: config.corsOrigins,
    cursors: createCursors(keyring),
    idempotency: createIdempotency({ db, clock, keyring }),
    services: (transact) =>
      createAdmin({
        ...config,
        db,
        keyring,
        registry: gateways,
        accessTokens,
        passwords,
        buckets: shared.buckets,
        installedModels: () => installedModels(config),
        transact,
        async announce(revision) {
          await shared.revision.announce(revision)
          await check()
        },
      }),
    recordRefusal: (act, err) =>
      recordRefusal(audit, act, err).catch((cause: unknown) =>
        log.warn({ err: cause, action: act.action }, 'a refusal could not be noted'),
      ),
  } satisfies Partial<ApiNeeds>
  const { keys, signingKeys, cleanUp } = api.services(undefined)
  await signingKeys.ensure()
  const keyUses = createKeyUses({ ...audit, log })
  const upkeep = startUpkeep({
    log,
    tasks: [
      { failure: 'keys could not be replaced', everyMs: MINUTE_MS, run: keys.rotateDue },
      {
        failure: 'signing keys could not be looked after',
        everyMs: HOUR_MS,
        run: signingKeys.ensure,
      },
      { failure: 'what is over could not be cleaned up', everyMs: HOUR_MS, run: cleanUp.prune },
      { failure: 'uses of keys could not be written', everyMs: SECOND_MS, run: keyUses.flush },
    ],
  })
  return {
    needs: api,
    /** Told of each use of a key. */
    onKeyUse: keyUses.note,
    async close(): Promise<void> {
      door.close()
      loginShield.close()
      refreshBudget.close()
      await upkeep.close()
      await keyUses.close()
      await shared.close()
    },
  }
}
