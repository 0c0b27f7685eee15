const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** How long a key signs, in ms. */
const PERIOD_MS = 30 * DAY_MS
/** How long before it signs a key is published, in ms, so that everybody who checks tokens has it. */
const NOTICE_MS = DAY_MS
/** The same when an administrator wants a new key now: as long as it takes all servers to see it. */
export const SIGNING_KEY_HURRY_MS = 5000
/** How long the servers may go without looking which key signs, in ms. */
export const SIGNING_KEY_FORGOTTEN_MS = MINUTE_MS

/** When a key was published and signs, in epoch ms. */
export interface SigningKeyTimes {
  readonly created_at: number
  readonly signs_from: number
}

/** `next` is published, `active` signs, `retiring` only checks what it has signed, `gone` nothing. */
export type SigningKeyState = 'next' | 'active' | 'retiring' | 'gone'

/** The key that signs at that time: the one that began last. */
export const signingKeyAt = <K extends SigningKeyTimes>(
  keys: readonly K[],
  now: number,
): K | undefined =>
  keys
    .filter(({ signs_from }) => signs_from <= now)
    .toSorted((a, b) => b.signs_from - a.signs_from || b.created_at - a.created_at)[0]

/** What a key does at that time; `keepMs` is how long a token can be good, leeway and all. */
export function signingKeyState<K extends SigningKeyTimes>(
  key: K,
  keys: readonly K[],
  now: number,
  keepMs: number,
): SigningKeyState {
  if (key.signs_from > now) return 'next'
  if (key === signingKeyAt(keys, now)) return 'active'
  const successors = keys.filter((other) => other !== key && other.signs_from >= key.signs_from)
  const replacedAt = Math.min(...successors.map(({ signs_from }) => signs_from))
  return now < replacedAt + keepMs ? 'retiring' : 'gone'
}

/** When the key that comes next has to sign from, if it has to be made now; null when it is too early. */
export function nextSigningKeyFrom(keys: readonly SigningKeyTimes[], now: number): number | null {
  const latest = Math.max(...keys.map(({ signs_from }) => signs_from))
  if (keys.length === 0) return now
  const due = latest + PERIOD_MS
  if (now < due - NOTICE_MS) return null
  return Math.max(due, now + NOTICE_MS)
}
