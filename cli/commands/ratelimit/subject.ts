import { nearest } from '../../../app/domain/nearest.ts'
import type { Subject } from '../../../app/services/limit-subject.ts'
import { UsageError } from '../../errors.ts'
import { GATEWAY_NAMES } from '../../gateways.ts'
import { visible } from '../../terminal-text.ts'

const ALL = '*'

/** Whose limits; with `--role` or `--key` the gateway is the first word of the line. */
export const subjectArgs = {
  name: {
    type: 'positional',
    required: false,
    description: 'the user name; not with --role, --key',
  },
  gateway: {
    type: 'positional',
    required: false,
    description: `the gateway (${GATEWAY_NAMES.join(', ')}), or '*' for all of them together`,
  },
  role: { type: 'string', valueHint: 'role', description: 'the limits of a role, not of a user' },
  key: {
    type: 'string',
    valueHint: 'id',
    description: 'the limits of one API key: its id, or the key itself',
  },
} as const

interface SubjectValues {
  readonly name?: string | undefined
  readonly gateway?: string | undefined
  readonly role?: string | undefined
  readonly key?: string | undefined
}

export interface Target {
  readonly subject: Subject
  readonly gateway: string | undefined
}

/** Whom and which gateway the line names. Throws a UsageError for a line that can't be read. */
export function targetOf({ name, gateway, role, key }: SubjectValues): Target {
  if (role !== undefined && key !== undefined)
    throw new UsageError('--role and --key exclude each other')
  if (role === undefined && key === undefined) {
    if (name === undefined) throw new UsageError('missing <name>, --role or --key')
    return { subject: { user: name }, gateway: known(gateway) }
  }
  if (gateway !== undefined) {
    const flag = role === undefined ? '--key' : '--role'
    throw new UsageError(`with ${flag} there is no user name: unexpected "${visible(gateway)}"`)
  }
  const subject = role === undefined ? { key: key ?? '' } : { role }
  return { subject, gateway: known(name) }
}

/** The same where a gateway must be named. */
export function targetWithGateway(values: SubjectValues): Target & { readonly gateway: string } {
  const { subject, gateway } = targetOf(values)
  if (gateway === undefined) throw new UsageError('missing <gateway>')
  return { subject, gateway }
}

/** A gateway's name, or `*`; for an argument's `parse`. */
export function gatewayName(text: string): string {
  if (text === ALL || GATEWAY_NAMES.includes(text)) return text
  const guess = nearest(text, GATEWAY_NAMES)
  throw new UsageError(
    `must be one of ${GATEWAY_NAMES.join(', ')}, or '*' in quotes for all of them together${guess ? ` (did you mean ${guess}?)` : ''}`,
  )
}

/** How the subject is named on a command line. */
export function spelled(subject: Subject): string {
  if ('user' in subject) return subject.user
  return 'role' in subject ? `--role ${subject.role}` : `--key ${subject.key}`
}

function known(gateway: string | undefined): string | undefined {
  try {
    return gateway === undefined ? undefined : gatewayName(gateway)
  } catch (err) {
    if (!(err instanceof UsageError)) throw err
    throw new UsageError(`<gateway> ${err.message}, not "${visible(gateway ?? '')}"`)
  }
}
