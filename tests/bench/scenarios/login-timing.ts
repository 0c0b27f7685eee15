import { Client } from '../client.ts'
import { addUsers, CLERK, type Office, openOffice } from '../office.ts'
import { median } from '../statistics.ts'
import { startGateway } from '../targets/parallama.ts'
import { gatewayOf } from '../targets/target.ts'
import type { Finding, Stage } from './scenario.ts'

const KINDS = ['existing', 'unknown', 'disabled', 'passwordless'] as const
type Kind = (typeof KINDS)[number]

const WARM_UP = 10
const MOST = 0.05

/**
 * Wrong passwords for users who are there, for names that nobody has, for disabled users and for those
 * without a password, taking turns. Judges that the time of the refusal does not tell which it was.
 */
export async function runLoginTiming(stage: Stage): Promise<Finding> {
  const rounds = WARM_UP + (stage.quick ? 60 : 240)
  const mock = await stage.startMock({ model: 'bench:latest', chunks: 256, gapMicros: 4000 })
  const target = await stage.startTarget([mock], (place) =>
    startGateway(place, { name: 'logins', env: { PARALLAMA_TRUSTED_PROXIES: '127.0.0.1' } }),
  )
  const { origin } = gatewayOf(target)
  const office = stage.keep(await openOffice(gatewayOf(target)))
  const names = await namesOf(office, rounds)
  const client = new Client({ url: new URL('/auth/login', origin), headers: {} })
  const times: Record<Kind, number[]> = {
    existing: [],
    unknown: [],
    disabled: [],
    passwordless: [],
  }
  for (let round = 0; round < rounds; round++) {
    for (const turn of KINDS.keys()) {
      // Each kind comes first, second, third and last equally often.
      const nth = (round + turn) % KINDS.length
      const kind = KINDS[nth] ?? 'existing'
      const ms = await fail(client, names[kind][round] ?? '', placeOf(round, nth))
      if (round >= WARM_UP) times[kind].push(ms)
    }
  }
  client.close()
  return judge(times)
}

async function namesOf(office: Office, count: number): Promise<Record<Kind, string[]>> {
  const disabled = await addUsers(office, 'disabled', count)
  for (const name of disabled) await office.admin.users.update(CLERK, name, { disabled: true })
  return {
    existing: await addUsers(office, 'existing', count),
    unknown: Array.from({ length: count }, (_, i) => `unknown-${i}`),
    disabled,
    passwordless: await addUsers(office, 'passwordless', count, undefined),
  }
}

/** Another address for each attempt, so that none has failed before. */
const placeOf = (round: number, nth: number): string =>
  `10.${nth}.${Math.floor(round / 256)}.${round % 256}`

/** Milliseconds that a login with a wrong password takes. */
async function fail(client: Client, username: string, address: string): Promise<number> {
  const body = JSON.stringify({ username, password: 'a wrong one, be it whose it may' })
  const began = performance.now()
  const { status, endAt, tail } = await client.send(body, undefined, { 'x-forwarded-for': address })
    .reply
  if (status !== 401) throw new Error(`a login of ${username} got ${status}: ${tail}`)
  return endAt - began
}

function judge(times: Record<Kind, number[]>): Finding {
  const medians = KINDS.map((kind) => median(times[kind]))
  const [existing = Number.NaN] = medians
  const apart = Math.max(...medians.map((ms) => Math.abs(ms / existing - 1)))
  const shown = KINDS.map((kind, i) => `${kind} ${medians[i]?.toFixed(1)}`).join(', ')
  return {
    figures: Object.fromEntries(KINDS.map((kind, i) => [kind, medians[i] ?? Number.NaN])),
    verdicts: [
      {
        floor: `failed logins: medians within ${MOST * 100} % of each other`,
        measured: `${(apart * 100).toFixed(1)} % (${shown} ms)`,
        pass: apart < MOST,
      },
    ],
  }
}
