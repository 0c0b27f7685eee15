import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Admin } from '../../app/admin.ts'
import { type Flags, loadConfig } from '../../app/config.ts'
import type { Gateway } from '../../app/gateways/gateway.ts'
import { start } from '../../app/main.ts'
import { openDatabase } from '../../db/client.ts'
import type { RequestsTable } from '../../db/schema.ts'
import { testAdmin } from './builders.ts'
import { ledgerOf } from './gateway/ledger.ts'
import { type LogEntry, recordingLog } from './gateway/log.ts'
import { createPeople, type People, type TestUser } from './gateway/people.ts'

/** The master secret whose digests `testKeyring` makes; given to every gateway of a test. */
export const TEST_SECRET = 'a master secret for tests only, 32+'

export interface GatewayOptions {
  /** The hosts: fakes, or anything else with an address. */
  readonly ollama: { readonly url: string } | readonly { readonly url: string }[]
  /** A database with or without the schema; default a SQLite file of its own. */
  readonly database?: { readonly url: string } | undefined
  /** The APIs in front of Ollama; those of the registry when left out. */
  readonly gateways?: readonly Gateway[] | undefined
  /** Settings that the test wants different. */
  readonly settings?: Flags
}

/** A gateway in this process, on a socket of its own. */
export interface TestGateway extends People, AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly databaseUrl: string
  /** Changes users, keys and roles over a connection of its own, as another process would. */
  readonly admin: Admin
  /** All that was logged. */
  readonly log: readonly LogEntry[]
  /** Resolves when that many requests, of all users together, have been accounted. */
  accounted(count: number): Promise<void>
  /** The rows that the user's requests left, the oldest first. */
  usageOf(user: Pick<TestUser, 'id'>): Promise<RequestsTable[]>
  /** Stops as SIGTERM does; live streams are cut at once unless `drainTimeoutSeconds` was set. */
  stop(): Promise<void>
}

/** Starts the whole gateway on a free port of 127.0.0.1 with everything real but the hosts. */
export async function startGateway(options: GatewayOptions): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'parallama-gateway-'))
  const databaseUrl = options.database?.url ?? `sqlite:${join(folder, 'parallama.db')}`
  const config = loadConfig(
    {
      port: 0,
      dataDir: folder,
      databaseUrl,
      secret: TEST_SECRET,
      ollamaUrls: [options.ollama].flat().map(({ url }) => url),
      drainTimeoutSeconds: 0,
      ...options.settings,
    },
    undefined,
    {},
  )
  const log = recordingLog()
  const { gateways } = options
  const server = await start(config, { log, ...(gateways && { gateways }) })
  const store = openDatabase(databaseUrl)
  const admin = testAdmin(store.db, gateways)

  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    await server.stop()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
  const gateway: TestGateway = {
    ...createPeople(store.db, admin),
    url: server.url,
    port: Number(new URL(server.url).port),
    databaseUrl,
    admin,
    log: log.entries,
    accounted: (count) => log.until('request accounted', count),
    usageOf: ({ id }) => ledgerOf(store.db, id),
    stop() {
      stopping ??= stop()
      return stopping
    },
    [Symbol.asyncDispose]: () => gateway.stop(),
  }
  return gateway
}
