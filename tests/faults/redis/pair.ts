import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'
import { ownRedis } from '../../support/servers.ts'

export interface Pair extends AsyncDisposable {
  /** Where administrators are. */
  readonly here: Stage
  /** Where everybody else is. */
  readonly there: Stage
  readonly admin: TestUser
}

/** Two gateways with one database and one Redis. */
export async function pair(): Promise<Pair> {
  const redis = await ownRedis()
  if ('skip' in redis) throw new Error(redis.skip)
  const folder = await mkdtemp(join(tmpdir(), 'parallama-pair-'))
  const database = { url: `sqlite:${join(folder, 'shared.db')}` }
  const settings = { redisUrl: redis.url }
  const here = await setStage({ database, settings })
  const there = await setStage({ database, settings })
  return {
    here,
    there,
    admin: await here.gateway.administrator(),
    async [Symbol.asyncDispose]() {
      await there[Symbol.asyncDispose]()
      await here[Symbol.asyncDispose]()
      await redis.dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The status of a small chat. */
export const chat = async (stage: Stage, as: TestUser): Promise<number> => {
  const response = await stage.post('/ollama/api/chat', { ...CHAT, stream: false }, { as })
  await response.text()
  return response.status
}

/** Chats all the time and notes when each began, until told to stop. */
export function crowd(stage: Stage, as: TestUser, size: number) {
  const begun: { readonly at: number; readonly status: number }[] = []
  let isOver = false
  const run = async (): Promise<void> => {
    while (!isOver) {
      const at = performance.now()
      begun.push({ at, status: await chat(stage, as) })
    }
  }
  const running = Promise.all(Array.from({ length: size }, run))
  return {
    begun,
    async stop(): Promise<void> {
      isOver = true
      await running
    },
  }
}
