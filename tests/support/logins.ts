import { type ApiAnswer, type Calling, callApi } from './api.ts'
import { TESTER } from './builders.ts'
import type { TestUser } from './gateway/people.ts'
import { type Stage, type StageOptions, setStage } from './gateway/stage.ts'

export const PASSWORD = 'violet-harbour-9-teapots'

/** Somebody who has logged in: `key` is the access token, for whatever takes a caller. */
export interface Login {
  readonly key: string
  readonly refreshToken: string
}

/** Sets a stage whose user has the password. */
export async function setLoginStage(options: StageOptions = {}): Promise<Stage> {
  const stage = await setStage(options)
  await givePassword(stage, stage.user)
  return stage
}

/** Gives somebody the password, as an administrator does in another process. */
export const givePassword = (
  { gateway }: Stage,
  { username }: Pick<TestUser, 'username'>,
): Promise<void> => gateway.admin.users.setPassword(TESTER, username, PASSWORD)

export interface Trying {
  /** Default the stage's user. */
  readonly username?: string
  /** Default the right one. */
  readonly password?: string
  readonly cookie?: boolean
  readonly headers?: Calling['headers']
}

/** The answer to an attempt to log in. */
export const tryLogin = (
  stage: Stage,
  { username = stage.user.username, password = PASSWORD, cookie, headers }: Trying = {},
): Promise<ApiAnswer> =>
  callApi(stage, 'POST', '/auth/login', {
    as: null,
    body: { username, password, ...(cookie !== undefined && { cookie }) },
    headers,
  })

/** Logs in; throws when that is refused. */
export async function logIn(stage: Stage, trying: Trying = {}): Promise<Login> {
  return loginOf(await tryLogin(stage, trying))
}

/** The answer to a refresh token. */
export const tryRefresh = (
  stage: Stage,
  refreshToken: string | undefined,
  headers?: Calling['headers'],
): Promise<ApiAnswer> =>
  callApi(stage, 'POST', '/auth/token', {
    as: null,
    body: refreshToken === undefined ? {} : { refresh_token: refreshToken },
    headers,
  })

/** The tokens of an answer that gives some. */
export function loginOf({ status, body }: ApiAnswer): Login {
  const { access_token: key, refresh_token: refreshToken } = body
  if (typeof key === 'string' && typeof refreshToken === 'string') return { key, refreshToken }
  throw new Error(`no tokens: ${status} ${JSON.stringify(body)}`)
}

/** How `/me` answers to somebody. */
export const meStatus = async (
  stage: Pick<Stage, 'gateway' | 'user'>,
  as: Pick<TestUser, 'key'>,
): Promise<number> => (await callApi(stage, 'GET', '/me', { as })).status
