import { Client } from '../../bench/client.ts'
import { hang } from '../../support/fake-ollama/script.ts'
import type { FakeOllama } from '../../support/fake-ollama.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, MODEL } from '../../support/gateway/stage.ts'
import type { Replica } from './replicas.ts'
import { until } from './until.ts'

/** One client of each gateway, with as many connections as it takes. */
export const clientsOf = (replicas: readonly Pick<Replica, 'url'>[], user: TestUser): Client[] =>
  replicas.map(
    ({ url }) =>
      new Client({
        url: new URL(`${url}/ollama/api/chat`),
        headers: { authorization: `Bearer ${user.key}` },
      }),
  )

/** The body of the shortest chat. */
export const CHAT_TEXT = JSON.stringify(CHAT)

/** Chats that have been let in, and go on until they are let go. */
export interface Occupation {
  /** How many of those that asked are being answered; the others were refused with 429. */
  readonly count: number
  /** The clients leave; resolves when Ollama has noticed. */
  leave(): Promise<void>
}

/** So many chats at once, in turn through each client. Ollama takes them and says nothing. */
export async function occupy(
  ollama: FakeOllama,
  clients: readonly Client[],
  count: number,
): Promise<Occupation> {
  const stop = ollama.on('/api/chat', hang())
  const statuses: number[] = []
  const calls = Array.from({ length: count }, (_, i) =>
    clients[i % clients.length]?.send(CHAT_TEXT),
  )
  for (const call of calls) call?.reply.then(({ status }) => statuses.push(status)).catch(() => {})
  await until(
    () => ollama.inFlight(MODEL) + statuses.length === count,
    () => `${ollama.inFlight(MODEL)} of ${count} are in, and refused are ${statuses}`,
  )
  stop()
  const others = statuses.filter((status) => status !== 429)
  if (others.length > 0) throw new Error(`not refused by a limit: ${others}`)
  return {
    count: ollama.inFlight(MODEL),
    async leave() {
      for (const call of calls) call?.abort()
      await ollama.idle()
    },
  }
}
