import { z } from 'zod'
import { password } from '../admin/users.ts'
import { endpoint } from '../endpoint.ts'
import { tokensSchema, tokensView } from './sessions.ts'

export const registration = endpoint({
  name: 'user.register',
  summary: 'Become a user with an invitation, where that is switched on',
  method: 'POST',
  path: '/auth/register',
  access: 'anybody',
  body: z.strictObject({
    username: z.string().max(256),
    password,
    invitation: z.string().max(200).meta({ description: 'The code from whoever invited you' }),
  }),
  answer: {
    status: 201,
    schema: tokensSchema.extend({
      user_id: z.string(),
      username: z.string(),
      role: z.string(),
    }),
  },
  handle: ({ body, from, guards, services }) =>
    guards.stranger(() => services.registration.register(body, from)),
  view: ({ user, tokens }) => ({
    user_id: user.id,
    username: user.username,
    role: user.roles[0]?.name ?? '',
    ...tokensView(tokens, false),
  }),
})
