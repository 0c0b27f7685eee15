import { createBounded } from '../db/deadline.ts'
import { newId } from '../db/ids.ts'
import { readRevision } from '../db/queries/revision.ts'
import packageJson from '../package.json' with { type: 'json' }
import { openApiDocument } from './api/openapi.ts'
import { openKeyring, readMasterSecret } from './auth/secrets.ts'
import { systemClock } from './domain/clock.ts'
import { namesOf, workingOperations } from './gateway-names.ts'
import type { Gateway } from './gateways/gateway.ts'
import { createRedisRevision } from './limits/redis-revision.ts'
import type { Log } from './log.ts'
import { createMetrics } from './metrics/registry.ts'
import { createCallerAddress, createClientAddress } from './middleware/client-address.ts'
import { redisFailureStore } from './middleware/failure-store.ts'
import { createShield } from './middleware/shield.ts'
import { openApi } from './open-api.ts'
import { openGateways, requireKnownGateways } from './open-gateways.ts'
import { openIdentity } from './open-identity.ts'
import { openLedger } from './open-ledger.ts'
import { openLimiter } from './open-limiter.ts'
import { openUpstream } from './open-upstream.ts'
import { deadlinesOf, policies } from './request-terms.ts'
import type { ServerNeeds } from './server.ts'
import { createLiveRequests } from './services/live-requests.ts'
import { createRecentActivity } from './services/recent-activity.ts'
import { createRevocationWatch } from './services/revocation.ts'
import { createSharedRevision, UNSHARED } from './services/shared-revision.ts'
import type { Config } from './settings.ts'
import { type Migrate, openStore } from './store.ts'
import { createMeter } from './usage/meter.ts'

/** How often changes made by other processes are looked for, in ms. */
const REVISION_POLL_MS = 250
/** How often deadlines and expired roles are looked for, in ms. */
const SWEEP_MS = 500
/** How long the database may take to say the revision, in ms, and how many may ask at a time. */
const READ_TIMEOUT_MS = 2000
const MAX_WATCHES = 4
/** The time in which an address may fail so often to authenticate, in ms. */
const SHIELD_WINDOW_MS = 60_000

export interface DepsOptions {
  readonly log: Log
  /** Whether the schema is brought up to date first. */
  readonly migrate: Migrate
  readonly gateways: readonly Gateway[]
}

/** Everything that serves requests, wired together: the one place where all parts meet. */
export async function openDeps(config: Config, { log, migrate, gateways }: DepsOptions) {
  const clock = systemClock
  requireKnownGateways(config, gateways)
  const keyring = openKeyring(readMasterSecret(config.secret, config.secretFile))
  const store = await openStore(config, migrate)
  const { db } = store
  const metrics = createMetrics({ version: packageJson.version })

  // Not among the others that ask the database: strangers with made-up keys must not keep revocations
  // from being seen.
  const watching = createBounded(READ_TIMEOUT_MS, MAX_WATCHES)
  const identity = openIdentity(config, db, keyring)
  const { signingKeys, verifier } = identity
  const gatewaySettings = openGateways(config, db, gateways)
  const operations = workingOperations(gateways)
  const { limiter, redis, onRevision } = await openLimiter(config, { store, log, operations })
  const revision = redis ? createSharedRevision(createRedisRevision(async () => redis)) : UNSHARED
  metrics.limits.watch({ mode: () => limiter.mode, owedSettlements: () => limiter.owed })
  const shield = createShield({
    limit: config.failedAuthPerMinute,
    windowMs: SHIELD_WINDOW_MS,
    store: redis && redisFailureStore(redis),
    onBlocked: metrics.limits.shieldBlocked,
    clock,
    log,
  })
  const ledger = openLedger(config, { store, metrics: metrics.ledger, log })
  const live = createLiveRequests({
    clock,
    isCurrent: verifier.isCurrent,
    reload: verifier.reload,
    deadlines: deadlinesOf(config),
  })
  let resets = Promise.resolve()
  const watch = createRevocationWatch({
    readRevision: () => watching(() => readRevision(db)),
    forget: () => {
      signingKeys.forget()
      verifier.forget()
      gatewaySettings.forget()
      resets = onRevision()
    },
    recheckLive: live.recheckAll,
    clock,
    log,
  })

  const upstream = openUpstream(config, { live, log })
  const api = await openApi(config, {
    store,
    identity,
    log,
    gateways,
    redis,
    onBlocked: metrics.limits.shieldBlocked,
    async check() {
      await watch.check()
      await resets
    },
  })
  let isDraining = false
  const needs: ServerNeeds = {
    log,
    clock,
    newId,
    shield,
    clientAddress: createClientAddress(config.trustedProxies),
    knowsKey: verifier.knows,
    callerAddress: createCallerAddress(config.trustedProxies),
    onKeyUse: api.onKeyUse,
    verifier,
    reload: verifier.reload,
    isCurrent: verifier.isCurrent,
    latestRevision: revision.latest,
    catchUp: watch.catchUp,
    lookForChanges: watch.check,
    ...upstream.needs,
    policyFor: policies(config),
    openTicket: createMeter({
      ...ledger,
      clock,
      log,
      onRecord: metrics.requests.observeRequest,
    }),
    ledgerHasRoom: ledger.recorder.hasRoom,
    bodyLimits: { maxBytes: config.maxBodyBytes, timeoutMs: config.bodyTimeoutSeconds * 1000 },
    acceptsKeyInPath: config.keyInPath,
    gateways,
    settingsOf: gatewaySettings.of,
    recentActivity: createRecentActivity({ db, clock, names: namesOf(gateways) }),
    version: packageJson.version,
    rootAliases: config.rootAliases,
    ...api.needs,
    publishedKeys: signingKeys.published,
    openApi: () => openApiDocument(packageJson.version),
    isDraining: () => isDraining,
    databaseAnswers: watch.isConfirmed,
    limiter,
    answers: {
      defaultTokens: config.defaultPredictTokens,
      maxTokens: config.maxPredictTokens,
    },
    onDecision: metrics.limits.decided,
    limiterMode: () => limiter.mode,
    metrics,
  }

  await watch.check()
  await store.onRevision(() => void watch.check())
  const timers = [
    setInterval(() => void watch.check(), REVISION_POLL_MS),
    setInterval(
      () => void live.sweep().catch((err) => log.debug({ err }, 'rights could not be read again')),
      SWEEP_MS,
    ),
  ]

  return {
    needs,
    live,
    drain: () => {
      isDraining = true
    },
    /** Commits what is left of the ledger and lets go of the database. */
    async close(): Promise<void> {
      for (const timer of timers) clearInterval(timer)
      shield.close()
      // A question that is still out would keep the database from being closed.
      await watch.check()
      upstream.close()
      await ledger.close()
      await limiter.close()
      await api.close()
      await store.close()
    },
  }
}
