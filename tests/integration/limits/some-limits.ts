import {
  bucketName,
  type Limit,
  MAX_AMOUNT,
  type Rule,
  type Unit,
  type Window,
} from '../../../app/domain/limit.ts'

type Kind = readonly [
  scope: Limit['scope'],
  unit: Unit,
  window: Window,
  model: string,
  shadow?: true,
]

/** Every unit and window, for oneself, for a key, and in the budgets of two roles. */
const KINDS: readonly (readonly [holder: string, ...Kind])[] = [
  ['user:', 'user', 'requests', 'minute', '*'],
  ['user:', 'role', 'requests', 'hour', 'hourglass:latest'],
  ['user:', 'role', 'requests', 'day', '*', true],
  ['user:', 'user', 'tokens', 'minute', 'hourglass:latest'],
  ['user:', 'role', 'tokens', 'day', '*'],
  ['user:', 'user', 'compute-seconds', 'hour', '*'],
  ['user:', 'user', 'concurrent-requests', 'now', '*'],
  ['user:', 'key', 'tokens', 'hour', '*'],
  ['user:', 'key', 'concurrent-requests', 'now', '*', true],
  ['role:a', 'shared', 'requests', 'minute', '*'],
  ['role:a', 'shared', 'tokens', 'day', '*'],
  ['role:a', 'shared', 'concurrent-requests', 'now', '*'],
  ['role:b', 'shared', 'requests', 'day', '*'],
  ['role:b', 'shared', 'tokens', 'hour', 'day:latest'],
  ['role:b', 'shared', 'compute-seconds', 'day', '*', true],
]

/** The limits, of holders that only this run has; their amounts are small at first. */
export const limitsOf = (run: string): Limit[] =>
  KINDS.map(([holder, scope, unit, window, model, shadow = false]) => {
    const rule: Rule = { gateway: '*', model, unit, window, amount: amountFor(unit, 0), shadow }
    const bucket = bucketName(rule, scope === 'key' ? '7' : null)
    return { ...rule, scope, since: 0, role: null, holder: `${holder}-${run}`, bucket }
  })

/** The limit with another amount. */
export const withAmount = (limit: Limit, part: number): Limit => ({
  ...limit,
  amount: amountFor(limit.unit, part),
})

/** An amount for a part from 0 to 1: mostly small, sometimes all that is possible. */
function amountFor(unit: Unit, part: number): number {
  const [least, usual] = USUAL[unit]
  return part < 0.8
    ? Math.ceil(least + (part / 0.8) * (usual - least))
    : MAX_AMOUNT[unit] - Math.floor((1 - part) * 20)
}

const USUAL: Readonly<Record<Unit, readonly [number, number]>> = {
  requests: [5, 50],
  tokens: [2000, 50_000],
  'compute-seconds': [20, 600],
  'concurrent-requests': [2, 12],
}
