import type { User } from '../../../app/services/users.ts'
import type { Column } from '../../table.ts'
import { isoTime } from '../../time-text.ts'

const roles = (user: User): string =>
  user.roles
    .map(({ name, expiresAt }) => (expiresAt === null ? name : `${name} (${expiry(expiresAt)})`))
    .join(', ')

const expiry = (expiresAt: number): string =>
  expiresAt <= Date.now() ? 'expired' : `until ${isoTime(expiresAt)}`

/** How a user is shown, in a list and alone. */
export const userColumns: readonly Column<User>[] = [
  { header: 'username', value: (user) => user.username },
  { header: 'roles', value: roles },
  { header: 'status', value: (user) => (user.disabled ? 'disabled' : 'active') },
  { header: 'created', value: (user) => isoTime(user.createdAt) },
]
