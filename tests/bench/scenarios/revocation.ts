import { startPostgres } from '../../support/servers/postgres.ts'
import { streamedChat, wholeChat } from '../chat.ts'
import { Client } from '../client.ts'
import { EIGHT_RULES } from '../limits.ts'
import type { Mock } from '../mock.ts'
import { addUsers, CLERK, type Office, openOffice } from '../office.ts'
import { startRedis } from '../redis.ts'
import { startGateway } from '../targets/parallama.ts'
import { gatewayOf, type Target } from '../targets/target.ts'
import { eventually, type Finding, type Stage } from './scenario.ts'

const CALLERS = 8
const WARM_UP = 50
const LIMIT_MS = 1000
const PATIENCE_MS = 5000

/** Two servers that have all in common, and an administrator's key. */
type Pair = { here: Target; there: Target; mock: Mock; office: Office; adminKey: string }

/** Counted and timed from the answer that says that the key is revoked. */
type Round = { admitted: number; lagMs: number; streamMs: number }

/**
 * Keys that one server revokes while another is serving them, requests without a pause and a stream
 * that runs. Judges how long the other server takes to notice, with Redis and without.
 */
export async function runRevocation(stage: Stage): Promise<Finding> {
  const rounds = stage.quick ? 6 : 20
  const withRedis = await playRounds(await startPair(stage, 'shared', true), rounds)
  const without = await playRounds(await startPair(stage, 'alone', false), rounds)
  const admitted = withRedis.reduce((sum, round) => sum + round.admitted, 0)
  const lag = worst(without, 'lagMs')
  const streams = { shared: worst(withRedis, 'streamMs'), alone: worst(without, 'streamMs') }
  const streamMs = Math.max(streams.shared, streams.alone)
  const late = without.reduce((sum, round) => sum + round.admitted, 0)
  return {
    figures: {
      ...{ rounds, admittedWithRedis: admitted, admittedWithout: late, lagWithoutMs: lag },
      ...{ streamWithRedisMs: streams.shared, streamWithoutMs: streams.alone },
    },
    verdicts: [
      {
        floor: 'with Redis nothing is let in after a key was revoked elsewhere',
        measured: `${admitted} requests in ${rounds} rounds`,
        pass: admitted === 0,
      },
      {
        floor: `without Redis nothing ${LIMIT_MS} ms after that`,
        measured: `${late} requests, the last after ${lag.toFixed(1)} ms`,
        pass: lag <= LIMIT_MS,
      },
      {
        floor: `streams of a key that was revoked elsewhere are cut in ${LIMIT_MS} ms`,
        measured: `${streams.shared.toFixed(1)} ms, without Redis ${streams.alone.toFixed(1)} ms`,
        pass: streamMs <= LIMIT_MS,
      },
    ],
  }
}

const worst = (rounds: Round[], field: keyof Round): number =>
  Math.max(...rounds.map((round) => round[field]))

async function startPair(stage: Stage, name: string, hasRedis: boolean): Promise<Pair> {
  const postgres = await startPostgres()
  if ('skip' in postgres) throw new Error(postgres.skip)
  stage.keep({ stop: postgres.dispose })
  const mock = await stage.startMock({ model: `${name}:latest`, chunks: 4000, gapMicros: 4000 })
  const env: Record<string, string> = {
    PARALLAMA_DATABASE_URL: postgres.url,
    PARALLAMA_SECRET: 'a secret that both servers have, for the bench',
  }
  if (hasRedis) env.PARALLAMA_REDIS_URL = stage.keep(await startRedis()).url
  const here = await stage.startTarget([mock], (place) =>
    startGateway(place, { name: `${name}-here`, env }),
  )
  const there = await stage.startTarget([mock], (place) =>
    startGateway(place, { name: `${name}-there`, rules: EIGHT_RULES, env }),
  )
  const office = stage.keep(await openOffice(gatewayOf(here)))
  const [boss = ''] = await addUsers(office, 'boss', 1)
  await office.admin.users.update(CLERK, boss, { roles: ['admin'] })
  const { key: adminKey } = await office.admin.keys.generate(CLERK, boss)
  return { here, there, mock, office, adminKey }
}

async function playRounds(pair: Pair, count: number): Promise<Round[]> {
  const rounds: Round[] = []
  for (let i = 0; i < count; i++) {
    // The limits of one of them tell the revision by themselves; for the other it is asked for.
    rounds.push(await playRound(pair, i % 2 ? pair.here.name : pair.there.name))
  }
  return rounds
}

async function playRound(pair: Pair, owner: string): Promise<Round> {
  const { there, mock, office } = pair
  const { id, key } = await office.admin.keys.generate(CLERK, owner)
  const url = new URL('/ollama/api/chat', gatewayOf(there).origin)
  const client = new Client({ url, headers: { authorization: `Bearer ${key}` } })
  const admitted: number[] = []
  const stream = client.send(streamedChat({ model: mock.model, records: 4000 }))
  const cutAt = stream.reply.then(
    ({ endAt }) => endAt,
    () => performance.now(),
  )
  const calling = Promise.all(Array.from({ length: CALLERS }, () => callOn(client, mock, admitted)))
  const isUnderWay = async () => admitted.length >= WARM_UP && stream.records() > 0
  if (!(await eventually(isUnderWay, PATIENCE_MS))) throw new Error('the new key lets nobody in')
  const revokedAt = await revoke(pair, id)
  await calling
  const streamMs = (await cutAt) - revokedAt
  client.close()
  const late = admitted.filter((at) => at > revokedAt)
  return {
    admitted: late.length,
    lagMs: Math.max(0, ...late.map((at) => at - revokedAt)),
    streamMs,
  }
}

/** One request after the other until one is refused; notes when those began that were not. */
async function callOn(client: Client, mock: Mock, admitted: number[]): Promise<void> {
  for (;;) {
    const began = performance.now()
    const { status, tail } = await client.send(wholeChat(mock.model)).reply
    if (status === 401) return
    if (status !== 200) throw new Error(`a chat got ${status}: ${tail}`)
    admitted.push(began)
  }
}

/** Revokes a key on the one server; when the answer was there. */
async function revoke({ here, adminKey }: Pair, id: string): Promise<number> {
  const url = new URL(`/admin/keys/${id}`, gatewayOf(here).origin)
  const headers = { authorization: `Bearer ${adminKey}` }
  const { status } = await fetch(url, { method: 'DELETE', headers })
  const at = performance.now()
  if (status !== 204) throw new Error(`revoking a key got ${status}`)
  return at
}
