import { MAX_AMOUNT } from '../../../app/domain/limit.ts'
import { MAX_WEIGHT, PRIORITIES } from '../../../app/domain/role.ts'
import type { RoleSettings } from '../../../app/services/role-settings.ts'
import { integer } from '../../arg-values.ts'
import type { ArgValues } from '../../command.ts'
import { UsageError } from '../../errors.ts'

/** What can be set of a role; an empty text takes it away. */
export const settingArgs = {
  parent: {
    type: 'string',
    valueHint: 'role',
    description: 'a role that it includes; "" for none',
  },
  permission: {
    type: 'string',
    multiple: true,
    valueHint: 'name',
    description: 'what it permits, beside what it includes; "" for nothing',
  },
  models: {
    type: 'string',
    valueHint: 'list',
    description: 'names and patterns, separated by commas; "" for none',
  },
  weight: {
    type: 'string',
    valueHint: 'n',
    description: `share of a busy host beside others, 1 to ${MAX_WEIGHT}; "" for that of its parent`,
    parse: clearable(integer({ min: 1, max: MAX_WEIGHT })),
  },
  priority: {
    type: 'string',
    valueHint: 'band',
    description: `${PRIORITIES.join(', ')}; "" for that of its parent`,
    parse: clearable(priority),
  },
  concurrent: {
    type: 'string',
    valueHint: 'n',
    description: 'most requests of a member at once; "" for no cap of its own',
    parse: clearable(integer({ min: 1, max: MAX_AMOUNT['concurrent-requests'] })),
  },
  description: { type: 'string', valueHint: 'text', description: 'what it is for' },
} as const

/** The settings that the command line names. */
export function settingsFrom(args: ArgValues<typeof settingArgs>): RoleSettings {
  const { parent, permission, models, weight, priority, concurrent, description } = args
  const permissions = permission.filter((name) => name.trim() !== '')
  return {
    parent: parent === '' ? null : parent,
    permissions: permission.length > 0 ? permissions : undefined,
    models: models?.split(',').filter((model) => model.trim() !== ''),
    weight,
    priority,
    concurrent,
    description,
  }
}

function clearable<T>(parse: (text: string) => T): (text: string) => T | null {
  return (text) => (text === '' ? null : parse(text))
}

function priority(text: string): string {
  if (PRIORITIES.some((known) => known === text)) return text
  throw new UsageError(`must be one of ${PRIORITIES.join(', ')}`)
}
