import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Admin } from '../../../app/admin.ts'
import type { Flags } from '../../../app/config.ts'
import { type DatabaseHandle, openDatabase } from '../../../db/client.ts'
import { migrateUp } from '../../../db/migrate.ts'
import { testAdmin } from '../../support/builders.ts'
import { createPeople, type People } from '../../support/gateway/people.ts'
import { TEST_SECRET } from '../../support/gateway.ts'

const PROGRAM = fileURLToPath(new URL('children/replica.ts', import.meta.url))

/** One gateway in a process of its own, which can't outlive this one. */
export interface Replica {
  readonly url: string
  readonly port: number
  /** All that it warned of, a line each. */
  readonly warnings: readonly string[]
  /** Ends it as SIGTERM does; its streams are cut. Does nothing when it has ended. */
  stop(): Promise<void>
  /** Ends it as a power cut would, and waits until it is gone. */
  kill(): Promise<void>
}

export interface ReplicasOptions {
  readonly count: number
  /** A database with or without the schema; default a SQLite file of their own. */
  readonly databaseUrl?: string
  /** Null for one that keeps its limits in memory. */
  readonly redisUrl: string | null
  readonly ollama: { readonly url: string }
  readonly settings?: Flags
}

/** Gateways side by side, which share a database and a Redis. */
export interface Replicas extends People, AsyncDisposable {
  readonly all: readonly Replica[]
  readonly ports: readonly number[]
  readonly admin: Admin
  readonly store: DatabaseHandle
  /** What any of them warned of that concerns limits, a line each: nothing, as long as Redis is there. */
  warnings(): readonly string[]
}

/** On a machine that is busy a usage row can go to the journal first: no limit asks which way it went. */
const SLOW_DATABASE = 'the database is slow; keeping usage rows'

/** Starts them all at once; to be held with `await using`. */
export async function startReplicas(options: ReplicasOptions): Promise<Replicas> {
  const { count, redisUrl, ollama, settings } = options
  const folder = await mkdtemp(join(tmpdir(), 'parallama-replicas-'))
  const databaseUrl = options.databaseUrl ?? `sqlite:${join(folder, 'parallama.db')}`
  const store = openDatabase(databaseUrl)
  await migrateUp(store.db)
  const admin = testAdmin(store.db)
  const flags = {
    port: 0,
    dataDir: folder,
    databaseUrl,
    secret: TEST_SECRET,
    ollamaUrls: [ollama.url],
    drainTimeoutSeconds: 0,
    ...(redisUrl !== null && { redisUrl }),
    ...settings,
  }
  const all = await Promise.all(Array.from({ length: count }, () => startReplica(flags)))
  return {
    ...createPeople(store.db, admin),
    all,
    ports: all.map(({ port }) => port),
    admin,
    store,
    warnings: () =>
      all.flatMap(({ warnings }) => warnings).filter((line) => !line.includes(SLOW_DATABASE)),
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((replica) => replica.stop()))
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts one gateway. Rejects, with what it said, when it ends before it listens. */
export async function startReplica(flags: Flags): Promise<Replica> {
  const child = Bun.spawn([process.execPath, PROGRAM, JSON.stringify(flags)], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const warnings: string[] = []
  const url = Promise.withResolvers<string>()
  const output = readLines(child.stdout, (line) => {
    if (line.startsWith('http://')) url.resolve(line)
    else warnings.push(line)
  })
  void child.exited.then((code) => url.reject(new Error(`ended with ${code}: ${warnings}`)))
  const address = await url.promise
  return {
    url: address,
    port: Number(new URL(address).port),
    warnings,
    async stop() {
      await child.stdin.end()
      await Promise.all([output, child.exited])
    },
    async kill() {
      child.kill('SIGKILL')
      await Promise.all([output, child.exited])
    },
  }
}

async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true })
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
}
