import { z } from 'zod'
import { refreshInvalid } from '../../services/refresh.ts'
import type { Tokens } from '../../services/session-tokens.ts'
import type { Call } from '../call.ts'
import { endpoint } from '../endpoint.ts'
import { clearRefreshCookie, refreshCookie, setRefreshCookie } from './refresh-cookie.ts'

export const tokensSchema = z
  .object({
    access_token: z.string(),
    refresh_token: z.string().optional().meta({ description: 'Missing when it is in a cookie' }),
    token_type: z.literal('bearer'),
    expires_in: z.int().meta({ description: 'How long the access token is good, in seconds' }),
  })
  .meta({ id: 'Tokens' })

/** Tokens as they are sent; the refresh token not to who keeps it in a cookie. */
export const tokensView = (
  { accessToken, refreshToken, expiresIn }: Tokens,
  inCookie: boolean,
): z.infer<typeof tokensSchema> => ({
  access_token: accessToken,
  ...(!inCookie && { refresh_token: refreshToken }),
  token_type: 'bearer',
  expires_in: expiresIn,
})

const refreshInput = z.strictObject({
  refresh_token: z.string().optional().meta({ description: 'Without it the cookie is read' }),
})

type RefreshCall = Call<unknown, z.infer<typeof refreshInput>>

/** Where the token of a request is. Throws forbidden for a cookie that a foreign page made it send. */
function presented({ body, request, guards }: RefreshCall): { token: string; inCookie: boolean } {
  if (body.refresh_token !== undefined) return { token: body.refresh_token, inCookie: false }
  guards.ownOrigin()
  const token = refreshCookie(request.headers)
  if (token) return { token, inCookie: true }
  throw refreshInvalid()
}

export const sessions = [
  endpoint({
    name: 'session.login',
    summary: 'Log in with user name and password',
    method: 'POST',
    path: '/auth/login',
    access: 'anybody',
    body: z.strictObject({
      username: z.string().max(256),
      password: z.string().max(1024).meta({ format: 'password' }),
      cookie: z
        .boolean()
        .optional()
        .meta({ description: 'Keep the refresh token in a cookie that no script can read' }),
    }),
    answer: { status: 200, schema: tokensSchema },
    async handle({ body: { username, password, cookie = false }, from, guards, services }) {
      if (cookie) guards.ownOrigin()
      return await guards.login(username, () =>
        services.sessions.login({ username, password }, from),
      )
    },
    view: (tokens, { body }) => tokensView(tokens, body.cookie ?? false),
    headers: (tokens, { body }) => ({
      ...(body.cookie && { 'set-cookie': setRefreshCookie(tokens) }),
    }),
  }),

  endpoint({
    name: 'session.refresh',
    summary: 'Get new tokens for a refresh token, which is then used up',
    method: 'POST',
    path: '/auth/token',
    access: 'anybody',
    body: refreshInput,
    answer: { status: 200, schema: tokensSchema },
    async handle(call) {
      const { token, inCookie } = presented(call)
      const { from, guards, services } = call
      const tokens = await guards.refresh(token, () => services.sessions.refresh(token, from))
      return { ...tokens, inCookie }
    },
    view: (tokens) => tokensView(tokens, tokens.inCookie),
    headers: (tokens) => ({
      ...(tokens.inCookie && { 'set-cookie': setRefreshCookie(tokens) }),
    }),
  }),

  endpoint({
    name: 'session.logout',
    summary: 'End the login of a refresh token, with all of its access tokens',
    method: 'POST',
    path: '/auth/logout',
    access: 'anybody',
    body: refreshInput,
    answer: { status: 204, schema: null },
    async handle(call) {
      const { token, inCookie } = presented(call)
      const { from, guards, services } = call
      await guards.logout(token, () => services.sessions.logout({ refreshToken: token }, from))
      return { inCookie }
    },
    view: () => null,
    headers: ({ inCookie }) => ({ ...(inCookie && { 'set-cookie': clearRefreshCookie }) }),
  }),
]
