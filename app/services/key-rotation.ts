import type { Db } from '../../db/client.ts'
import {
  eraseOverdueTexts,
  findSealedText,
  listDueKeys,
  replaceKey,
} from '../../db/queries/key-rotation.ts'
import { listScopes } from '../../db/queries/key-scopes.ts'
import type { KeyRow } from '../../db/queries/keys.ts'
import { mintApiKey } from '../domain/api-key.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { type Actor, SYSTEM } from './actor.ts'
import { requireOwnerOrOver, requireUnscoped } from './authority.ts'
import { change } from './change.ts'
import { type MintingNeeds, sealedPlace, storeKey } from './key-minting.ts'
import { checkGrace, DEFAULT_GRACE_MS } from './key-options.ts'
import { type NewKey, requireKey, statusOf, toScopes, viewKey } from './key-view.ts'

/** How many keys are replaced at one time; the rest follows at the next. */
const MAX_DUE = 100

export interface RotateOptions {
  /** How long the old key goes on working, in ms; its own grace or a week by default. */
  readonly graceMs?: number | undefined
  /** The id of a user to whom nobody else's keys exist. */
  readonly owner?: string | undefined
}

/** Puts keys in the place of others. Errors are GatewayErrors. */
export function createKeyRotation(needs: MintingNeeds) {
  const { db, clock, keyring, random } = needs

  /** Stores the next key and ends the old one with its grace; returns when that is. */
  async function replace(
    tx: Db,
    old: KeyRow,
    minted: { readonly id: string; readonly text: string },
    { graceMs, sealed }: { readonly graceMs: number; readonly sealed: boolean },
  ): Promise<number> {
    await storeKey(needs, tx, minted, {
      user_id: old.user_id,
      description: old.description,
      family_id: old.family_id,
      expires_at: old.expires_at,
      rotate_every_ms: old.rotate_every_ms,
      rotation_grace_ms: old.rotation_grace_ms,
      scopes: toScopes(await listScopes(tx, [old.id])),
      sealed,
    })
    const endsAt = Math.min(old.expires_at ?? Number.POSITIVE_INFINITY, clock.now() + graceMs)
    await replaceKey(tx, old.id, { replacedBy: minted.id, expiresAt: endsAt })
    return endsAt
  }

  async function rotateIfDue(id: string): Promise<void> {
    const minted = mintApiKey(random)
    await change(needs, { actor: SYSTEM, action: 'key.rotate', target: id }, async (tx) => {
      const old = await requireKey(tx, id)
      const now = clock.now()
      const isDue = old.rotates_at !== null && old.rotates_at <= now
      if (!isDue || statusOf(old, now) !== 'active') throw new NotDue()
      const graceMs = old.rotation_grace_ms ?? DEFAULT_GRACE_MS
      const endsAt = await replace(tx, old, minted, { graceMs, sealed: true })
      const detail = { username: old.username, successor: minted.id, endsAt }
      return { result: undefined, detail }
    })
  }

  return {
    /**
     * Makes a key with the same scopes, limits and end, and ends the old one with its grace. Throws
     * not_found, forbidden for keys of those who may do more, and conflict for one that is over or has
     * been replaced.
     */
    async rotate(actor: Actor, idOrKey: string, options: RotateOptions = {}): Promise<NewKey> {
      if (options.graceMs !== undefined) checkGrace(options.graceMs)
      const { id } = await requireKey(db, idOrKey, options.owner)
      const minted = mintApiKey(random)
      return await change(needs, { actor, action: 'key.rotate', target: id }, async (tx) => {
        const old = await requireKey(tx, id)
        const now = clock.now()
        requireUnscoped(actor, id)
        await requireOwnerOrOver(tx, actor, { id: old.user_id, username: old.username }, now)
        requireActive(old, now)
        const graceMs = options.graceMs ?? old.rotation_grace_ms ?? DEFAULT_GRACE_MS
        const endsAt = await replace(tx, old, minted, { graceMs, sealed: false })
        const key = await viewKey(tx, minted.id, now)
        const detail = { username: old.username, successor: minted.id, endsAt }
        return { result: { ...key, key: minted.text }, detail }
      })
    },

    /**
     * Replaces the keys whose time has come, each once however many servers do it at a time, and
     * erases the texts that nobody can ask for any more. Returns how many keys were replaced. Rejects
     * at the end when some could not be, which are due again the next time.
     */
    async rotateDue(): Promise<number> {
      await eraseOverdueTexts(db, clock.now())
      const due = await listDueKeys(db, clock.now(), MAX_DUE)
      const failures: unknown[] = []
      let replaced = 0
      for (const id of due) {
        try {
          await rotateIfDue(id)
          replaced += 1
        } catch (err) {
          if (!(err instanceof NotDue)) failures.push(err)
        }
      }
      if (failures.length === 0) return replaced
      const which = `${failures.length} of ${due.length} keys that are due could not be replaced`
      throw new Error(which, { cause: failures[0] })
    },

    /**
     * The key that the server has made in the place of that one, until it is first used or the old one
     * ends. Throws not_found when there is none to be had, and forbidden as `rotate` does.
     */
    async successor(
      actor: Actor,
      oldIdOrKey: string,
      { owner }: Pick<RotateOptions, 'owner'> = {},
    ): Promise<NewKey> {
      const { id: oldId } = await requireKey(db, oldIdOrKey, owner)
      return await change(needs, { actor, action: 'key.deliver', target: oldId }, async (tx) => {
        const old = await requireKey(tx, oldId)
        const now = clock.now()
        requireUnscoped(actor, oldId)
        await requireOwnerOrOver(tx, actor, { id: old.user_id, username: old.username }, now)
        const { id, text } = await deliverable(tx, old, now)
        const detail = { username: old.username, successor: id }
        return { result: { ...(await viewKey(tx, id, now)), key: text }, detail }
      })
    },
  }

  async function deliverable(
    tx: Db,
    old: KeyRow,
    now: number,
  ): Promise<{ id: string; text: string }> {
    if (old.replaced_by === null) {
      throw new GatewayError('not_found', `the key ${old.id} has no successor${whenNext(old, now)}`)
    }
    const sealed = await findSealedText(tx, old.replaced_by)
    if (sealed !== null && statusOf(old, now) === 'replaced') {
      return { id: old.replaced_by, text: keyring.open(sealed, sealedPlace(old.replaced_by)) }
    }
    throw new GatewayError(
      'not_found',
      `the successor of the key ${old.id} is ${old.replaced_by}, whose text can't be had any more; whoever lost it rotates ${old.replaced_by}`,
    )
  }
}

/** Of several servers that want to replace a key, another one has. */
class NotDue extends Error {}

function requireActive(key: KeyRow, now: number): void {
  const status = statusOf(key, now)
  if (status === 'active') return
  const why =
    status === 'revoked'
      ? 'is revoked; make a new one'
      : key.replaced_by !== null
        ? `has been replaced by ${key.replaced_by}; rotate that one`
        : 'has expired; make a new one'
  throw new GatewayError('conflict', `the key ${key.id} ${why}`)
}

const whenNext = ({ rotates_at }: KeyRow, now: number): string =>
  rotates_at === null || rotates_at <= now
    ? ''
    : ` yet; the server makes it at ${new Date(rotates_at).toISOString()}`
