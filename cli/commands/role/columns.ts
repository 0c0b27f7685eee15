import type { Role } from '../../../app/services/roles.ts'
import type { Column } from '../../table.ts'

const description: Column<Role> = { header: 'description', value: (role) => role.description }

/** How a role is shown in a list: with what it has from those that it includes. */
export const roleColumns: readonly Column<Role>[] = [
  { header: 'role', value: (role) => role.name },
  { header: 'includes', value: (role) => role.parent ?? '-' },
  { header: 'members', value: (role) => role.members },
  { header: 'weight', value: (role) => role.weight },
  { header: 'priority', value: (role) => role.priority },
  { header: 'at once', value: (role) => role.concurrent ?? '-', align: 'right' },
  { header: 'models', value: (role) => list(role.models) },
  description,
]

/** How it is shown alone: what is its own is told from what it has from others. */
export const roleDetails: readonly Column<Role>[] = [
  { header: 'role', value: (role) => role.name },
  { header: 'includes', value: (role) => role.parent ?? '-' },
  { header: 'members', value: (role) => role.members },
  { header: 'weight', value: (role) => withOrigin(role, role.weight, role.ownWeight) },
  { header: 'priority', value: (role) => withOrigin(role, role.priority, role.ownPriority) },
  {
    header: 'at once',
    value: (role) => withOrigin(role, role.concurrent ?? '-', role.ownConcurrent),
  },
  { header: 'models', value: (role) => list(role.models) },
  { header: 'permissions', value: (role) => list(role.permissions) },
  { header: 'own models', value: (role) => list(role.ownModels) },
  { header: 'own permissions', value: (role) => list(role.ownPermissions) },
  description,
]

const list = (names: readonly string[]): string => names.join(', ') || 'none'

function withOrigin({ parent }: Role, value: string | number, own: string | number | null): string {
  if (value === own || value === '-') return String(value)
  return `${value} ${parent === null ? '(default)' : '(inherited)'}`
}
