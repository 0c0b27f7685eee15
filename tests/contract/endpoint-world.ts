import { randomBytes } from 'node:crypto'
import { type AccessTokens, createAccessTokens } from '../../app/auth/access-token.ts'
import { createRefreshTokens } from '../../app/auth/refresh-token.ts'
import { createSigningKeys } from '../../app/auth/signing-keys.ts'
import { systemClock } from '../../app/domain/clock.ts'
import type { KeyOptions } from '../../app/services/keys.ts'
import { openSession, type Tokens, tokensOf } from '../../app/services/session-tokens.ts'
import { type Db, openDatabase } from '../../db/client.ts'
import { newId } from '../../db/ids.ts'
import { TESTER, testKeyring } from '../support/builders.ts'
import type { TestUser } from '../support/gateway/people.ts'
import { type Stage, type StageOptions, setStage } from '../support/gateway/stage.ts'

const DAY_MS = 86_400_000
const LIFETIME_S = 600
const ORIGIN = { address: '192.0.2.7', agent: 'a browser', requestId: null }
/** Takes no time to verify. */
const CHEAP = { algorithm: 'argon2id', memoryCost: 8, timeCost: 1 } as const

/** The password of everybody who has one. */
export const PASSWORD = 'violet-harbour-9-teapots'

/** Who calls, as far as requests about themselves need to know. */
export type Caller = Pick<TestUser, 'id' | 'username'>

/** A gateway, and makers of all that a good request to an endpoint can be about. */
export interface EndpointWorld extends AsyncDisposable {
  readonly stage: Stage
  readonly db: Db
  /** A name that nothing has yet. */
  name(): string
  /** A new user who may do nothing, so that whoever manages users may do anything to them. */
  target(): Promise<TestUser>
  /** A new role that permits nothing. */
  weakRole(): Promise<string>
  /** Lets the user log in with `PASSWORD`. */
  givePassword(user: Caller): Promise<void>
  /** A new session of the user, with its tokens. */
  session(user: Caller): Promise<Tokens & { readonly id: string }>
  /** A new key of the user. */
  key(user: Caller, options?: KeyOptions): Promise<{ readonly id: string; readonly key: string }>
  /** The id of a key of the user that the server has replaced, and whose successor waits. */
  replacedKey(user: Caller): Promise<string>
  invitation(): Promise<{ readonly id: string; readonly code: string }>
  /** A genuine access token of a live session of the user, issued at that time, in epoch ms. */
  tokenIssuedAt(user: Caller, at: number): Promise<string>
  /** All that a request to an endpoint could have changed, as text. */
  snapshot(): Promise<string>
}

/** Sets the stage for the endpoints: to be held with `await using`, or ended with `afterAll`. */
export async function setEndpointStage(options: StageOptions = {}): Promise<EndpointWorld> {
  const settings = { registration: true, ...options.settings }
  const stage = await setStage({ ...options, settings })
  const { gateway } = stage
  const { keys, registration } = gateway.admin
  const store = openDatabase(gateway.databaseUrl)
  const { db } = store
  let made = 0

  const tokensAt = (at: number): AccessTokens =>
    createAccessTokens({
      keys: createSigningKeys({ db, keyring: testKeyring, clock: systemClock }),
      clock: { now: () => at },
      newId,
      issuer: 'parallama',
      lifetimeS: LIFETIME_S,
    })
  const sessionNeeds = {
    db,
    clock: systemClock,
    newId,
    now: async () => Date.now(),
    random: randomBytes,
    refreshTokens: createRefreshTokens(testKeyring),
    accessTokens: tokensAt(Date.now()),
    idleMs: DAY_MS,
    absoluteMs: DAY_MS,
  }
  const begin = async ({ id }: Caller) => {
    const opened = await db
      .transaction()
      .execute((tx) => openSession(sessionNeeds, tx, { userId: id, mayEnd: true }, ORIGIN))
    if (!opened) throw new Error('no session was begun')
    return opened.session
  }

  return {
    stage,
    db,
    name: () => `made-${made++}`,
    target: () => gateway.user({ roles: [] }),
    weakRole: () => gateway.role({ permissions: [], models: [] }),
    async givePassword({ id }) {
      const password_hash = await Bun.password.hash(PASSWORD, CHEAP)
      await db.updateTable('users').set({ password_hash }).where('id', '=', id).execute()
    },
    async session(user) {
      const session = await begin(user)
      return { id: session.id, ...(await tokensOf(sessionNeeds, session)) }
    },
    key: ({ username }, keyOptions) => keys.generate(TESTER, username, keyOptions),
    async replacedKey({ username }) {
      const { id } = await keys.generate(TESTER, username, { rotateEveryMs: 30 * DAY_MS })
      await db.updateTable('api_keys').set({ rotates_at: 1 }).where('id', '=', id).execute()
      await keys.rotateDue()
      return id
    },
    invitation: async () =>
      await registration.invite(TESTER, {
        role: await gateway.role({ permissions: [], models: [] }),
      }),
    async tokenIssuedAt(user, at) {
      const { id, version } = await begin(user)
      return await tokensAt(at).issue({ userId: user.id, sessionId: id, version })
    },
    snapshot: () => snapshotOf(db),
    async [Symbol.asyncDispose]() {
      await store.close()
      await stage[Symbol.asyncDispose]()
    },
  }
}

/** Uses of keys are left out: they are written by and by, whatever is done with the key. */
async function snapshotOf(db: Db): Promise<string> {
  const tables = ['revision', 'users', 'user_roles', 'roles', 'role_permissions', 'limits'] as const
  const more = ['model_policies', 'sessions', 'invitations', 'signing_keys'] as const
  const decided = ['gateways', 'model_aliases'] as const
  const rows: object[] = []
  for (const table of [...tables, ...more, ...decided])
    rows.push(await db.selectFrom(table).selectAll().execute())
  const keys = db.selectFrom('api_keys').select(['id', 'revoked_at', 'replaced_by', 'expires_at'])
  const done = db.selectFrom('audit_log').select('id').where('outcome', '=', 'done')
  const acts = done.where('action', '!=', 'key.new-address')
  return JSON.stringify([rows, await keys.execute(), await acts.execute()])
}
