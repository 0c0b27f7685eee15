import { ANY, type Limit, type Unit } from '../domain/limit.ts'

/** A limit as a caller reads it: `1000 tokens per hour through ollama for the role premium`. */
export const describeLimit = (limit: Limit): string =>
  [
    ...amountOf(limit),
    ...(limit.gateway === ANY ? [] : [`through ${limit.gateway}`]),
    ...(limit.model === ANY ? [] : [`with ${limit.model}`]),
    ...subjectOf(limit),
  ].join(' ')

/** A time in words, rounded up: seconds below a minute, then minutes, then hours and minutes. */
export function durationInWords(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  if (seconds < 60) return counted(seconds, 'second')
  const all = Math.ceil(seconds / 60)
  const minutes = all % 60
  const hours = (all - minutes) / 60
  if (hours === 0) return counted(minutes, 'minute')
  const whole = counted(hours, 'hour')
  return minutes === 0 ? whole : `${whole} and ${counted(minutes, 'minute')}`
}

function amountOf({ unit, window, amount }: Limit): string[] {
  const [noun, rest] = UNIT_WORDS[unit]
  return [`${counted(amount, noun)}${rest}`, window === 'now' ? 'at a time' : `per ${window}`]
}

const UNIT_WORDS: Readonly<Record<Unit, readonly [noun: string, rest: string]>> = {
  requests: ['request', ''],
  tokens: ['token', ''],
  'compute-seconds': ['second', ' of compute time'],
  'concurrent-requests': ['request', ''],
}

function subjectOf({ scope, role }: Limit): string[] {
  switch (scope) {
    case 'user':
      return []
    case 'key':
      return ['for this key']
    case 'role':
      return [`for the role ${role}`]
    case 'shared':
      return [`for all members of the role ${role} together`]
  }
}

const counted = (count: number, noun: string): string =>
  count === 1 ? `1 ${noun}` : `${count} ${noun}s`
