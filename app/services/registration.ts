import type { Db } from '../../db/client.ts'
import { databaseFault } from '../../db/codec.ts'
import {
  findOpenInvitation,
  type InvitationRow,
  useInvitation,
} from '../../db/queries/invitations.ts'
import { upsertUserRole } from '../../db/queries/roles.ts'
import { findUser, insertUser } from '../../db/queries/users.ts'
import type { Passwords } from '../auth/password.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { recordRefusal } from './audit-trail.ts'
import { change, noted } from './change.ts'
import {
  createInvitations,
  type InvitationNeeds,
  invitationDigest,
  isStillGiven,
} from './invitations.ts'
import type { PasswordLogin } from './login.ts'
import {
  actorFrom,
  type LoginOrigin,
  openSession,
  type SessionNeeds,
  type Tokens,
  tokensOf,
} from './session-tokens.ts'
import { checkUsername } from './username.ts'
import type { User } from './users.ts'

export interface RegistrationNeeds extends InvitationNeeds, SessionNeeds {
  readonly passwords: Pick<Passwords, 'problem' | 'hash'>
  /** Whether people may register themselves. */
  readonly isOpen: boolean
}

export interface Applicant extends PasswordLogin {
  /** The code of an invitation. */
  readonly invitation: string
}

/** How people become users by themselves, with an invitation. Errors are GatewayErrors. */
export function createRegistration(needs: RegistrationNeeds) {
  const { db, clock, newId, keyring, passwords, isOpen } = needs

  return {
    ...createInvitations(needs),

    /**
     * Makes a user and logs them in; the invitation is then used up, and no other can use it at the same
     * time. Throws forbidden where registration is off or without a good invitation, and only then looks
     * at the rest: invalid for a bad name or password, conflict for a name that is taken.
     */
    async register(
      applicant: Applicant,
      from: LoginOrigin,
    ): Promise<{ readonly user: User; readonly tokens: Tokens }> {
      if (!isOpen)
        throw new GatewayError('forbidden', 'nobody can register here; ask for an account')
      const known = await requireInvitation(applicant.invitation, from)
      const username = applicant.username.toLowerCase()
      checkUsername(username)
      const actor = actorFrom(`invitation:${known.id}`, from)
      const act = { actor, action: 'user.register', target: username }
      await noted(needs, act, () => requireFree(username))
      const problem = await passwords.problem(applicant.password, username)
      if (problem) throw new GatewayError('invalid', problem)
      const hash = await passwords.hash(applicant.password)
      const { user, session } = await change(needs, act, async (tx) => {
        // Whoever has invited may have lost the right to it since.
        const { row: invitation, isGood } = await findInvitation(tx, applicant.invitation)
        if (!invitation || !isGood) throw badInvitation()
        const user = await insert(tx, username, { hash, invitation })
        // After the user, whom the invitation then names.
        if (!(await useInvitation(tx, invitation.id, { at: clock.now(), by: user.id }))) {
          throw badInvitation()
        }
        const opened = await openSession(needs, tx, { userId: user.id, mayEnd: true }, from)
        if (!opened) throw new Error('a new user has no room for a session')
        const { session } = opened
        const detail = { invitedBy: invitation.created_by, role: invitation.role }
        return { result: { user, session }, detail: { ...detail, sessionId: session.id } }
      })
      return { user, tokens: await tokensOf(needs, session) }
    },
  }

  async function requireInvitation(code: string, from: LoginOrigin): Promise<InvitationRow> {
    const { row, isGood } = await findInvitation(db, code)
    if (row && isGood) return row
    const actor = actorFrom(row ? `invitation:${row.id}` : 'anonymous', from)
    const err = badInvitation()
    await recordRefusal(needs, { actor, action: 'user.register', target: '-' }, err)
    throw err
  }

  async function findInvitation(from: Db, code: string) {
    const now = clock.now()
    const digest = invitationDigest(keyring, code)
    const row = digest === null ? undefined : await findOpenInvitation(from, digest, now)
    return { row, isGood: row !== undefined && (await isStillGiven(from, row, now)) }
  }

  async function requireFree(username: string): Promise<void> {
    if (await findUser(db, username)) throw nameTaken(username)
  }

  async function insert(
    tx: Db,
    username: string,
    { hash, invitation }: { readonly hash: string; readonly invitation: InvitationRow },
  ): Promise<User> {
    const now = clock.now()
    const id = newId()
    await insertUser(tx, {
      id,
      username,
      password_hash: hash,
      disabled: 0,
      created_at: now,
      updated_at: now,
      deleted_at: null,
    }).catch((err: unknown) => refuseTaken(err, username))
    const role = { user_id: id, role_id: invitation.role_id, granted_at: now, expires_at: null }
    await upsertUserRole(tx, role)
    const roles = [{ name: invitation.role, expiresAt: null }]
    return { id, username, disabled: false, roles, createdAt: now }
  }
}

function refuseTaken(err: unknown, username: string): never {
  if (databaseFault(err) !== 'unique') throw err
  throw nameTaken(username, err)
}

const nameTaken = (username: string, cause?: unknown): GatewayError =>
  new GatewayError('conflict', `there is a user "${username}" already; take another name`, {
    cause,
  })

const badInvitation = (): GatewayError =>
  new GatewayError('forbidden', 'this invitation is not good, or used, or over; ask for another')
