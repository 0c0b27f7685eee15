import { z } from 'zod'
import { password } from '../admin/users.ts'
import { endpoint } from '../endpoint.ts'
import { optionalTime, toOptionalTime } from '../wire.ts'

const profileSchema = z
  .object({
    id: z.string(),
    username: z.string(),
    roles: z.array(z.object({ name: z.string(), expires_at: optionalTime })),
    permissions: z
      .array(z.string())
      .meta({ description: 'What this login or key may do: of a restricted key, what is left' }),
    credential: z.object({ kind: z.enum(['key', 'session']), id: z.string() }),
  })
  .meta({ id: 'Profile' })

export const profile = [
  endpoint({
    name: 'me.read',
    summary: 'Show who calls and what they may do',
    method: 'GET',
    path: '/me',
    access: 'own',
    answer: { status: 200, schema: profileSchema },
    handle: ({ principal, services }) => services.users.info(principal.username),
    view: (user, { principal }) => ({
      id: user.id,
      username: user.username,
      roles: user.roles.map(({ name, expiresAt }) => ({
        name,
        expires_at: toOptionalTime(expiresAt),
      })),
      permissions: [...principal.permissions].sort(),
      credential: {
        kind: principal.sessionId === null ? ('key' as const) : ('session' as const),
        id: principal.keyId,
      },
    }),
  }),

  endpoint({
    name: 'me.password',
    summary: 'Change the own password; ends all other logins',
    method: 'PUT',
    path: '/me/password',
    access: 'own',
    body: z.strictObject({ current_password: password, new_password: password }),
    answer: { status: 204, schema: null },
    handle: ({ actor, body, guards, principal, services }) =>
      guards.login(principal.username, () =>
        services.users.changePassword(
          actor,
          principal.username,
          body.current_password,
          body.new_password,
          principal.sessionId,
        ),
      ),
    view: () => null,
  }),
]
