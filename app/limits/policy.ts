import { roomIn } from '../domain/bucket.ts'
import { ANY, fromBase, type Limit, type Unit, windowMs } from '../domain/limit.ts'
import type { LimitState } from './limiter.ts'

/** A limit's state as its caller may see it, under the name that they know the limit by. */
export interface Policy extends LimitState, Profile {
  /** What can be taken now, in whole requests, tokens or seconds. */
  readonly remaining: number
}

/** What callers are told of a limit that does not change from one request to the next. */
interface Profile {
  /** Printable ASCII without quotes and backslashes; unique among the policies of one response. */
  readonly name: string
  /** The limit's item in RateLimit-Policy. */
  readonly item: string
}

const profiles = new WeakMap<Limit, Profile>()

/** The limits that callers are told of, in the same order; a shadow is none of them. */
export function policiesOf(states: readonly LimitState[]): Policy[] {
  const names = new Set<string>()
  const policies: Policy[] = []
  for (const { limit, shape, bucket, fitted } of states) {
    if (limit.shadow) continue
    const own = profileOf(limit)
    const { name, item } = names.has(own.name) ? renamed(limit, own.name, names) : own
    names.add(name)
    const remaining = fromBase(limit.unit, roomIn(bucket, shape))
    policies.push({ limit, shape, bucket, fitted, name, item, remaining })
  }
  return policies
}

function profileOf(limit: Limit): Profile {
  const known = profiles.get(limit)
  if (known) return known
  const profile = profileUnder(nameOf(limit), limit)
  profiles.set(limit, profile)
  return profile
}

function renamed(limit: Limit, name: string, taken: ReadonlySet<string>): Profile {
  let n = 2
  while (taken.has(`${name} (${n})`)) n++
  return profileUnder(`${name} (${n})`, limit)
}

const profileUnder = (name: string, limit: Limit): Profile => ({
  name,
  item: `"${name}"${parametersOf(limit)}`,
})

/** No two limits of a caller share what it is made of; a role is named when the bucket is its own. */
const nameOf = ({ unit, window, gateway, model, scope, role }: Limit): string =>
  [
    window === 'now' ? unit : `${unit}-per-${window}`,
    ...(gateway === ANY ? [] : [gateway]),
    ...(model === ANY ? [] : [model]),
    ...(scope === 'key' ? ['key'] : []),
    ...(scope === 'shared' ? [`role ${role}`] : []),
  ]
    .map(printable)
    .join(' ')

/** Percent-encodes what the strings of structured fields can't hold, and what would need escaping. */
const printable = (text: string): string =>
  text.toWellFormed().replace(/[^ !#$&-[\]-~]/gu, encodeURIComponent)

const parametersOf = ({ unit, window, amount }: Limit): string =>
  [
    `;q=${amount}`,
    QUOTA_UNITS[unit],
    window === 'now' ? '' : `;w=${windowMs(window) / 1000}`,
    VENDOR_UNITS[unit],
  ].join('')

/** Without `qu` tokens would be read as requests; a unit that a client does not know can't mislead it. */
const QUOTA_UNITS: Readonly<Record<Unit, string>> = {
  requests: '',
  tokens: ';qu="tokens"',
  'compute-seconds': ';qu="compute-seconds"',
  'concurrent-requests': ';qu="concurrent-requests"',
}

/** Units that are not registered stand in a parameter of our own as well, where all is allowed. */
const VENDOR_UNITS: Readonly<Record<Unit, string>> = {
  requests: '',
  tokens: ';parallama-unit="tokens"',
  'compute-seconds': ';parallama-unit="compute-seconds"',
  'concurrent-requests': '',
}
