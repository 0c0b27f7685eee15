import {
  ANY,
  MAX_AMOUNT,
  type Rule,
  UNITS,
  type Unit,
  WINDOWS,
  type Window,
} from '../domain/limit.ts'
import { parseModelName } from '../domain/model-name.ts'
import { nearest } from '../domain/nearest.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Subject } from './limit-subject.ts'

/** How much of a unit in a window, in whole requests, tokens or seconds. */
export interface Allotment {
  readonly unit: Unit
  readonly window: Window
  readonly amount: number
}

/** Limits that somebody would like to set: one rule for each amount. */
export interface Proposal {
  /** A gateway, or `*` for all of them together. */
  readonly gateway: string
  /** A model in any spelling of its name; `*`, as when left out, for all of them together. */
  readonly model?: string | undefined
  readonly amounts: readonly Allotment[]
  /** Only watched: it tells what it would refuse. */
  readonly shadow?: boolean | undefined
  /** For a role: one bucket for all its members, in place of one for each. */
  readonly shared?: boolean | undefined
}

/** The rules of a proposal for that subject. Throws invalid with what is wrong and what is valid. */
export function proposedRules(
  subject: Subject,
  proposal: Proposal,
  gateways: readonly string[],
): Rule[] {
  const { amounts, shadow = false, shared = false } = proposal
  if (shared && !('role' in subject)) {
    throw new GatewayError('invalid', 'only the limits of a role can be shared, by its members')
  }
  if (amounts.length === 0) {
    throw new GatewayError('invalid', 'nothing to limit; give at least one amount')
  }
  const gateway = knownGateway(proposal.gateway, gateways)
  const model = knownModel(proposal.model ?? ANY)
  const seen = new Set<string>()
  return amounts.map((allotment) => {
    const { unit, window, amount } = checked(allotment)
    const name = `${unit} ${window}`
    if (seen.has(name)) {
      throw new GatewayError('invalid', `there are two amounts for ${nameOf(allotment)}`)
    }
    seen.add(name)
    return { gateway, model, unit, window, amount, shadow }
  })
}

/** The gateway of that name, or `*`. Throws invalid with those that exist. */
export function knownGateway(name: string, gateways: readonly string[]): string {
  if (name === ANY || gateways.includes(name)) return name
  const guess = nearest(name, gateways)
  throw new GatewayError(
    'invalid',
    `there is no gateway "${name}"${guess ? `, did you mean ${guess}?` : ''} (the gateways are ${gateways.join(', ')}, or * for all of them together)`,
  )
}

/** The canonical name of a model, or `*`. Throws invalid. */
export function knownModel(name: string): string {
  if (name === ANY) return ANY
  const model = parseModelName(name)
  if (model) return model.canonical
  throw new GatewayError(
    'invalid',
    `"${name}" is no name of a model; give one such as llama3.2:3b, or * for all of them together`,
  )
}

function checked(allotment: Allotment): Allotment {
  const { unit, window, amount } = allotment
  if (!UNITS.includes(unit)) {
    throw new GatewayError('invalid', `"${unit}" can't be limited; ${UNITS.join(', ')} can`)
  }
  const windows = WINDOWS.filter((name) => (name === 'now') === (unit === 'concurrent-requests'))
  if (!windows.includes(window)) {
    throw new GatewayError(
      'invalid',
      `the window of ${unit} is ${windows.join(' or ')}, not ${window}`,
    )
  }
  if (Number.isSafeInteger(amount) && amount >= 1 && amount <= MAX_AMOUNT[unit]) return allotment
  throw new GatewayError(
    'invalid',
    `${nameOf(allotment)} must be a whole number from 1 to ${MAX_AMOUNT[unit]}, not ${amount}`,
  )
}

const nameOf = ({ unit, window }: Allotment): string =>
  window === 'now' ? unit : `${unit} per ${window}`
