import { group } from '../../command.ts'

export const user = group({
  meta: { name: 'user', description: 'People who may use the gateway' },
  subCommands: {
    create: () => import('./create.ts').then((m) => m.userCreate),
    list: () => import('./list.ts').then((m) => m.userList),
    info: () => import('./info.ts').then((m) => m.userInfo),
    update: () => import('./update.ts').then((m) => m.userUpdate),
    delete: () => import('./delete.ts').then((m) => m.userDelete),
    password: () => import('./password.ts').then((m) => m.userPassword),
    invite: () => import('./invitations.ts').then((m) => m.userInvite),
    invitations: () => import('./invitations.ts').then((m) => m.userInvitations),
    uninvite: () => import('./invitations.ts').then((m) => m.userUninvite),
  },
})
