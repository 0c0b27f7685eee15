import { expectWhole, wholeChat } from '../chat.ts'
import { Client } from '../client.ts'
import type { Mock } from '../mock.ts'
import { addUsers, openOffice, PASSWORD } from '../office.ts'
import { sendAtRate } from '../phases/open-loop.ts'
import type { Reply } from '../response-reader.ts'
import { median, quantile } from '../statistics.ts'
import { startGateway } from '../targets/parallama.ts'
import { gatewayOf, type Target } from '../targets/target.ts'
import type { Finding, Stage } from './scenario.ts'

const LOGINS = 200
/** How many logins may wait for those whose passwords are being hashed. */
const QUEUE = 64
/** For as long as the logins that found room take, on a core of their own. */
const LOAD = { perSecond: 200, count: 1600 }
const SLOWER_MS = 20

type Round = { before: number; during: number; longest: number; in: number; busy: number }

/**
 * Chats at a steady rate, into which 200 users log in at once. Judges that the chats hardly notice, and
 * that logins for which there is no room are told when to come back.
 */
export async function runLogins(stage: Stage): Promise<Finding> {
  const mock = await stage.startMock({ model: 'bench:latest', chunks: 256, gapMicros: 4000 })
  const env = { PARALLAMA_TRUSTED_PROXIES: '127.0.0.1' }
  const target = await stage.startTarget([mock], (place) =>
    startGateway(place, { name: 'logins', env }),
  )
  const office = stage.keep(await openOffice(gatewayOf(target)))
  const names = await addUsers(office, 'user', LOGINS)
  // The first ones are slow for another reason: the compiler has not seen them yet.
  await playRound(target, mock, names)
  const rounds: Round[] = []
  for (let i = 0; i < (stage.quick ? 3 : 5); i++) rounds.push(await playRound(target, mock, names))
  const [before, during] = [median(pick(rounds, 'before')), median(pick(rounds, 'during'))]
  const slower = median(rounds.map((round) => round.during - round.before))
  const each = rounds.map((round) => `${round.before.toFixed(1)} > ${round.during.toFixed(1)}`)
  return {
    figures: { before, during, slower, longest: Math.max(...pick(rounds, 'longest')) },
    verdicts: [
      {
        floor: `${LOGINS} logins at once: p99 of chats <= before + ${SLOWER_MS} ms`,
        measured: `+${slower.toFixed(1)} ms (${each.join(', ')})`,
        pass: slower <= SLOWER_MS,
      },
      {
        floor: `logins that do not fit into the queue of ${QUEUE} get 503 and Retry-After`,
        measured: rounds.map((round) => `${round.in} in, ${round.busy} later`).join('; '),
        pass: rounds.every((round) => round.in + round.busy === LOGINS && round.in > QUEUE),
      },
    ],
  }
}

const pick = (rounds: Round[], field: keyof Round): number[] => rounds.map((round) => round[field])

/** Figures in ms: p99 of chats without logins and with them, and the longest that one took. */
async function playRound(target: Target, mock: Mock, names: string[]): Promise<Round> {
  const before = (await relay(target, mock)).map(({ ms }) => ms)
  const relaying = relay(target, mock)
  const logins = await logIn(target, names)
  const met = (await relaying).filter(({ at }) => at >= logins.from && at <= logins.to)
  const during = met.map(({ ms }) => ms)
  const count = (isOne: (reply: Reply) => boolean): number => logins.replies.filter(isOne).length
  return {
    before: quantile(before, 0.99),
    during: quantile(during, 0.99),
    longest: Math.max(...during),
    in: count(({ status }) => status === 200),
    busy: count(({ status, retryAfter }) => status === 503 && Number(retryAfter) > 0),
  }
}

/** Chats at the steady rate: when each was meant to be sent, and how long it took from then on. */
async function relay(target: Target, mock: Mock): Promise<{ at: number; ms: number }[]> {
  const body = wholeChat(mock.model)
  const { replies, intended } = await sendAtRate(target, mock, body, 0, LOAD)
  for (const reply of replies) expectWhole(target.name, reply, 0)
  return replies.map(({ endAt }, tick) => ({ at: intended(tick), ms: endAt - intended(tick) }))
}

/** All log in at the same moment, each from another address; `from` and `to` bound the time in which there were logins. */
async function logIn(target: Target, names: string[]) {
  const url = new URL('/auth/login', gatewayOf(target).origin)
  const client = new Client({ url, headers: {} })
  const from = performance.now()
  const calls = names.map((username, i) => {
    const headers = { 'x-forwarded-for': `10.0.0.${i}` }
    return client.send(JSON.stringify({ username, password: PASSWORD }), undefined, headers)
  })
  const replies = await Promise.all(calls.map(({ reply }) => reply))
  const to = performance.now()
  client.close()
  return { replies, from, to }
}
