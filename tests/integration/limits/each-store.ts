import { afterAll, beforeAll, describe } from 'bun:test'
import {
  type FakeOllama,
  type FakeOllamaOptions,
  startFakeOllama,
} from '../../support/fake-ollama.ts'
import { type FreshDatabase, freshDatabase, redisForTests } from '../../support/servers.ts'
import { type BucketView, viewRedis, viewStored } from './bucket-view.ts'
import { type Replicas, startReplicas } from './replicas.ts'

/** Starting four processes on a machine where much else runs, in ms. */
const START_MS = 60_000

/** Gateways that share their limits, in front of one fake Ollama. */
export interface Setting {
  readonly ollama: FakeOllama
  readonly replicas: Replicas
  readonly view: BucketView
}

/**
 * Runs the suite at one gateway that keeps its limits in memory, and at three on one Redis and one
 * PostgreSQL; those are skipped where there is neither. All of a suite's tests have the same gateways.
 */
export async function describeEachStore(
  name: string,
  options: FakeOllamaOptions,
  suite: (setting: () => Setting) => void,
): Promise<void> {
  describe(`${name}, at a gateway that keeps limits in memory`, () => {
    suite(held(() => setUp(options, null, null)))
  })
  const redis = await redisForTests()
  const database = await freshDatabase()
  const isThere = 'url' in redis && 'url' in database
  describe.skipIf(!isThere)(`${name}, at three gateways on one Redis`, () => {
    if (isThere) suite(held(() => setUp(options, redis.url, database)))
  })
}

type Held = Setting & AsyncDisposable

function held(open: () => Promise<Held>): () => Setting {
  let setting: Held | undefined
  beforeAll(async () => {
    setting = await open()
  }, START_MS)
  afterAll(async () => {
    await setting?.[Symbol.asyncDispose]()
  })
  return () => {
    if (!setting) throw new Error('only inside of tests')
    return setting
  }
}

async function setUp(
  options: FakeOllamaOptions,
  redisUrl: string | null,
  database: FreshDatabase | null,
): Promise<Held> {
  const ollama = await startFakeOllama({ numParallel: 64, ...options })
  const replicas = await startReplicas({
    count: redisUrl === null ? 1 : 3,
    redisUrl,
    ollama,
    ...(database && { databaseUrl: database.url }),
  })
  const view = redisUrl === null ? viewStored(replicas.store.db) : await viewRedis(redisUrl)
  return {
    ollama,
    replicas,
    view,
    async [Symbol.asyncDispose]() {
      await view[Symbol.asyncDispose]()
      await replicas[Symbol.asyncDispose]()
      await ollama.stop()
      await database?.drop()
    },
  }
}
