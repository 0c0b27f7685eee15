import { group } from '../../command.ts'

export const role = group({
  meta: { name: 'role', description: 'Roles: what their members may do' },
  subCommands: {
    create: () => import('./create.ts').then((m) => m.roleCreate),
    list: () => import('./list.ts').then((m) => m.roleList),
    info: () => import('./info.ts').then((m) => m.roleInfo),
    update: () => import('./update.ts').then((m) => m.roleUpdate),
    delete: () => import('./delete.ts').then((m) => m.roleDelete),
    grant: () => import('./grant.ts').then((m) => m.roleGrant),
    revoke: () => import('./revoke.ts').then((m) => m.roleRevoke),
  },
})
