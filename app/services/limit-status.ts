import { type Bucket, charged, drained, EMPTY, fullAfterMs, roomIn } from '../domain/bucket.ts'
import {
  fromBase,
  type Limit,
  type Scope,
  shapeOf,
  UNITS,
  type Unit,
  WINDOWS,
  type Window,
} from '../domain/limit.ts'
import { limitedKey } from '../domain/stored-rule.ts'
import type { BucketsNow } from '../limits/bucket-reader.ts'
import { hasHolder } from './applied-limits.ts'

/** A limit and what is left of it; amounts in whole requests, tokens or seconds. */
export interface LimitStatus {
  /** Where it comes from. */
  readonly scope: Scope
  /** The role it comes from, or null. */
  readonly role: string | null
  /** The key it is on, or null. */
  readonly key: string | null
  readonly gateway: string
  readonly model: string
  readonly unit: Unit
  readonly window: Window
  readonly limit: number
  /** Null for what each member of a role has alone; more than the limit when that was overdrawn. */
  readonly used: number | null
  readonly remaining: number | null
  /** When all of it is there again, in epoch ms; null when it is, or when it is not time that brings it. */
  readonly resetsAt: number | null
  readonly shadow: boolean
  /** How many requests a shadow would have refused; null for what is no shadow or nobody's. */
  readonly refusals: number | null
}

/** Each limit with the state of its bucket, in the order in which people read them. */
export const statusesOf = (limits: readonly Limit[], { at, buckets }: BucketsNow): LimitStatus[] =>
  limits
    .map((limit) => statusOf(limit, buckets.get(`${limit.holder} ${limit.bucket}`) ?? EMPTY, at))
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))

const SCOPES: readonly Scope[] = ['user', 'role', 'shared', 'key']

const orderOf = ({ scope, role, key, gateway, model, unit, window, shadow }: LimitStatus): string =>
  [
    SCOPES.indexOf(scope),
    role,
    key,
    gateway,
    model,
    UNITS.indexOf(unit),
    WINDOWS.indexOf(window),
    Number(shadow),
  ].join(' ')

function statusOf(limit: Limit, stored: Bucket, at: number): LimitStatus {
  const { scope, role, gateway, model, unit, window, amount, shadow } = limit
  const place = { scope, role, key: limitedKey(limit), gateway, model, unit, window }
  const rule = { ...place, limit: amount, shadow }
  if (!hasHolder(limit))
    return { ...rule, used: null, remaining: null, resetsAt: null, refusals: null }
  const shape = shapeOf(limit)
  const bucket = drained(stored, shape, at)
  const remaining = fromBase(unit, roomIn(bucket, shape))
  const taken = fromBase(unit, bucket.held + Math.ceil(bucket.debt / shape.ticks))
  // What running requests hold is used as far as anybody can tell.
  const fullMs = window === 'now' ? 0 : fullAfterMs(charged(bucket, shape, bucket.held), shape, at)
  return {
    ...rule,
    used: Math.max(amount - remaining, taken),
    remaining,
    resetsAt: fullMs === 0 ? null : at + fullMs,
    refusals: shadow ? bucket.refusals : null,
  }
}
