import type { User } from '../../../app/services/users.ts'
import type { Column } from '../../table.ts'
import { isoTime, relativeTime } from '../../time-text.ts'

const roles = (user: User): string =>
  user.roles
    .map(({ name, expiresAt }) =>
      expiresAt === null ? name : `${name} (${expiryText(expiresAt)})`,
    )
    .join(', ')

const expiryText = (expiresAt: number): string =>
  expiresAt <= Date.now() ? 'expired' : `ends ${relativeTime(expiresAt, Date.now())}`

/** How a user is shown, in a list and alone. */
export const userColumns: readonly Column<User>[] = [
  { header: 'username', value: (user) => user.username },
  { header: 'roles', value: roles },
  { header: 'status', value: (user) => (user.disabled ? 'disabled' : 'active') },
  { header: 'created', value: (user) => isoTime(user.createdAt) },
]
