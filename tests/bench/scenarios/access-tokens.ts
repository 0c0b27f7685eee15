import { expectWhole, wholeChat } from '../chat.ts'
import { Client } from '../client.ts'
import { cpuMicros } from '../cpu.ts'
import type { Mock } from '../mock.ts'
import { addUsers, CLERK, type Office, openOffice, PASSWORD } from '../office.ts'
import type { Reply } from '../response-reader.ts'
import { median } from '../statistics.ts'
import { gatewayOf, type Target } from '../targets/target.ts'
import { everyTick } from '../ticks.ts'
import type { Finding, Stage } from './scenario.ts'

const GAP_MICROS = 2500
const SETTLE_MS = 200
const MOST = 1.1

/** Credentials of one user: a key and a token that are used again and again, and new ones. */
type Credentials = { key: string; token: string; keys: string[]; tokens: string[] }
type Costs = { key: number; token: number; firstOfKey: number; firstOfToken: number }

/**
 * The same chats with an API key and with an access token, taking turns; and with keys and tokens that
 * the server has not seen before. Judges what a known token costs beside a known key.
 */
export async function runAccessTokens(stage: Stage): Promise<Finding> {
  const [rounds, count] = stage.quick ? [5, 400] : [15, 800]
  const mock = await stage.startMock({ model: 'bench:latest', chunks: 256, gapMicros: 4000 })
  const target = await stage.startTarget([mock])
  const office = stage.keep(await openOffice(gatewayOf(target)))
  const [username = ''] = await addUsers(office, 'clerk', 1)
  const call = createCaller(target, mock)
  const costs: Costs[] = []
  for (let round = 0; round <= rounds; round++) {
    const { key, token, keys, tokens } = await credentialsOf(target, office, username, count)
    const repeat = (text: string): string[] => Array.from({ length: count }, () => text)
    // What was changed for it is seen, and the caches are filled, before anything is measured.
    await call([...repeat(key), ...repeat(token)])
    const cost = {
      ...{ key: await call(repeat(key)), token: await call(repeat(token)) },
      ...{ firstOfKey: await call(keys), firstOfToken: await call(tokens) },
    }
    if (round > 0) costs.push(cost)
  }
  const of = (name: keyof Costs): number => median(costs.map((cost) => cost[name]))
  const ratio = median(costs.map(({ key, token }) => token / key))
  const first = median(costs.map(({ firstOfToken, token }) => firstOfToken - token))
  const firstOfKey = median(costs.map((cost) => cost.firstOfKey - cost.key))
  return {
    figures: { key: of('key'), token: of('token'), ratio, first, firstOfKey },
    verdicts: [
      {
        floor: `CPU per request with an access token <= ${MOST} x API key`,
        measured: `${ratio.toFixed(2)} x (the first takes ${first.toFixed(0)} us more, of a key ${firstOfKey.toFixed(0)} us)`,
        pass: ratio <= MOST,
      },
    ],
  }
}

async function credentialsOf(
  target: Target,
  { admin, identity }: Office,
  username: string,
  count: number,
): Promise<Credentials> {
  const keys: string[] = []
  for (let i = 0; i <= count; i++) keys.push((await admin.keys.generate(CLERK, username)).key)
  const token = await logIn(target, username)
  const claims = await identity.accessTokens.read(token)
  if (!claims) throw new Error('the access token of a login can not be read')
  const { id: userId } = await admin.users.info(username)
  const tokens: string[] = []
  while (tokens.length < count) {
    tokens.push(await identity.accessTokens.issue({ userId, ...claims }))
  }
  return { key: keys.pop() ?? '', token, keys, tokens }
}

async function logIn(target: Target, username: string): Promise<string> {
  const res = await fetch(new URL('/auth/login', gatewayOf(target).origin), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: PASSWORD }),
  })
  const answer: unknown = await res.json()
  if (typeof answer === 'object' && answer && 'access_token' in answer) {
    return String(answer.access_token)
  }
  throw new Error(`a login got ${res.status}`)
}

/** Sends a chat with each credential at a steady rate; CPU of the target per chat, in us. */
function createCaller(target: Target, mock: Mock) {
  const { pid = 0, name } = target
  const url = new URL('/ollama/api/chat', gatewayOf(target).origin)
  const client = new Client({ url, headers: {} })
  const body = wholeChat(mock.model)
  return async (credentials: string[]): Promise<number> => {
    const calls: Promise<Reply>[] = []
    const before = cpuMicros(pid)
    await everyTick(mock, GAP_MICROS, credentials.length, (tick) => {
      const headers = { authorization: `Bearer ${credentials[tick]}` }
      calls.push(client.send(body, undefined, headers).reply)
    })
    for (const reply of await Promise.all(calls)) expectWhole(name, reply, 0)
    await Bun.sleep(SETTLE_MS)
    return (cpuMicros(pid) - before) / credentials.length
  }
}
