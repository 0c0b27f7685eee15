import postgres from 'postgres'
import type { ControlledServer } from './servers/controlled.ts'
import { startPostgres } from './servers/postgres.ts'
import { startRedis } from './servers/redis.ts'

/** Why a case that needs a server can't run here. */
export interface Skip {
  readonly skip: string
}

/** A server that is up. */
export interface Available {
  readonly url: string
}

/** An empty database that nobody else uses. */
export interface FreshDatabase extends Available {
  /** Drops it with its connections; needless on a server of our own, which goes away whole. */
  drop(): Promise<void>
}

let sharedPostgres: Promise<Available | Skip> | undefined
let sharedRedis: Promise<Available | Skip> | undefined
let databases = 0

/**
 * The PostgreSQL that all tests of this process share: PARALLAMA_TEST_POSTGRES_URL, else our own,
 * started at the first call and gone with this process. Throws instead of skipping when
 * PARALLAMA_TEST_REQUIRE_SERVERS is 1.
 */
export function postgresForTests(): Promise<Available | Skip> {
  sharedPostgres ??= given('PARALLAMA_TEST_POSTGRES_URL') ?? orSkip(() => startPostgres())
  return sharedPostgres
}

/** The Redis that all tests of this process share, by the same rules. */
export function redisForTests(): Promise<Available | Skip> {
  sharedRedis ??= given('PARALLAMA_TEST_REDIS_URL') ?? orSkip(() => startRedis())
  return sharedRedis
}

/** Makes a new empty database in the shared PostgreSQL. */
export async function freshDatabase(): Promise<FreshDatabase | Skip> {
  const server = await postgresForTests()
  if ('skip' in server) return server
  const name = `parallama_test_${process.pid}_${Date.now().toString(36)}_${databases++}`
  await administer(server.url, `create database ${name}`)
  const url = new URL(server.url)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: () => administer(server.url, `drop database if exists ${name} with (force)`),
  }
}

/** A PostgreSQL for one fault test alone, to be stopped and started at will, with more settings to it. */
export function ownPostgres(settings: readonly string[] = []): Promise<ControlledServer | Skip> {
  return orSkip(() => startPostgres(settings))
}

/** A Redis for one fault test alone, to be stopped and started at will, with more options to it. */
export function ownRedis(options: readonly string[] = []): Promise<ControlledServer | Skip> {
  return orSkip(() => startRedis(options))
}

function given(variable: string): Promise<Available> | undefined {
  const url = process.env[variable]
  return url ? Promise.resolve({ url }) : undefined
}

async function orSkip<T extends object>(start: () => Promise<T | Skip>): Promise<T | Skip> {
  const required = process.env.PARALLAMA_TEST_REQUIRE_SERVERS === '1'
  const server = await start().catch((error: unknown): Skip => {
    if (required) throw error
    return { skip: error instanceof Error ? error.message : String(error) }
  })
  if (!('skip' in server)) return server
  if (required) throw new Error(String(server.skip))
  process.stderr.write(`cases that need it are skipped: ${server.skip}\n`)
  return server
}

async function administer(url: string, statement: string): Promise<void> {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} })
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
