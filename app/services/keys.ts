import { eraseSealedText } from '../../db/queries/key-rotation.ts'
import { listKeyAddresses } from '../../db/queries/key-uses.ts'
import { hasDigest, listKeys, pageOfKeys, revokeKeys } from '../../db/queries/keys.ts'
import { apiKeyId, mintApiKey } from '../domain/api-key.ts'
import type { Scopes } from '../domain/scopes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { requireOwnerOrOver, requireUnscoped } from './authority.ts'
import { change } from './change.ts'
import { requireUser } from './find.ts'
import { type MintingNeeds, storeKey } from './key-minting.ts'
import { checkDescription, checkedPlan } from './key-options.ts'
import { createKeyRotation } from './key-rotation.ts'
import { checkedScopes, requireWithin } from './key-scopes.ts'
import { type Key, type NewKey, requireKey, viewKey, viewKeys } from './key-view.ts'
import { type Page, toPage } from './page.ts'

/** Most keys on a page. */
const MAX_PAGE = 1000
/** Of how many addresses `inspect` tells. */
const MAX_ADDRESSES = 100

export interface KeysNeeds extends MintingNeeds {
  /** The names of the gateways that a key can be for. */
  readonly gateways: readonly string[]
}

export interface KeyOptions {
  readonly description?: string | undefined
  /** When it stops working, in epoch ms; its successors with it. */
  readonly expiresAt?: number | undefined
  /** What it is restricted to; to what its owner may do when left out. */
  readonly scopes?: Partial<Scopes> | undefined
  /** How often the server puts a new key in its place, in ms; never by default. */
  readonly rotateEveryMs?: number | undefined
  /** How long it then goes on working, in ms; a week by default, or half of the time between two. */
  readonly graceMs?: number | undefined
}

/** A key and what is known about its use. */
export interface InspectedKey extends Key {
  /** Whether the whole text of the key was given and is right; null when only its id was given. */
  readonly isGenuine: boolean | null
  /** From where it was used, the latest first; those of IPv6 by their /64. */
  readonly addresses: readonly {
    readonly address: string
    readonly firstAt: number
    readonly lastAt: number
  }[]
}

export interface KeyPageOptions {
  readonly userId?: string | undefined
  readonly username?: string | undefined
  /** The id of the last key of the page before. */
  readonly after?: string | null | undefined
  /** From 1 to 1000. */
  readonly limit: number
}

/** Where a key must belong to a user: to them nobody else's exist. */
interface OwnerOption {
  readonly owner?: string | undefined
}

/** What can be done to API keys. Errors are GatewayErrors. */
export function createKeys(needs: KeysNeeds) {
  const { db, clock, keyring, random } = needs

  return {
    ...createKeyRotation(needs),

    /**
     * Throws not_found for an unknown user, invalid for what can't be kept, and forbidden for rights
     * that the owner does not have and for an owner who may do more than the actor.
     */
    async generate(actor: Actor, username: string, options: KeyOptions = {}): Promise<NewKey> {
      const description = options.description ?? ''
      checkDescription(description)
      const scopes = checkedScopes(options.scopes, needs.gateways)
      const plan = checkedPlan(options.rotateEveryMs, options.graceMs)
      const minted = mintApiKey(random)
      const entry = { actor, action: 'key.generate', target: minted.id }
      return await change(needs, entry, async (tx) => {
        const now = clock.now()
        const user = await requireUser(tx, username)
        requireUnscoped(actor)
        await requireOwnerOrOver(tx, actor, user, now)
        await requireWithin(tx, user, scopes, now)
        const expiresAt = options.expiresAt ?? null
        await storeKey(needs, tx, minted, {
          user_id: user.id,
          description,
          expires_at: expiresAt,
          rotate_every_ms: plan?.everyMs ?? null,
          rotation_grace_ms: plan?.graceMs ?? null,
          scopes,
          sealed: false,
        })
        const key = await viewKey(tx, minted.id, now)
        const detail = { username: user.username, description, expiresAt, scopes, rotation: plan }
        return { result: { ...key, key: minted.text }, detail }
      })
    },

    /** The keys of one user, or of all. Throws not_found for an unknown user. */
    async list(username?: string): Promise<Key[]> {
      const user = username === undefined ? undefined : await requireUser(db, username)
      return await viewKeys(db, await listKeys(db, user?.id), clock.now())
    },

    /**
     * The same in the order of their ids, a page at a time; `next` is what the next page comes after,
     * null on the last. Throws not_found for an unknown user, and invalid for a limit out of bounds.
     */
    async page(options: KeyPageOptions): Promise<Page<Key>> {
      const { username, after, limit } = options
      if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_PAGE) {
        throw new GatewayError('invalid', `the limit must be a whole number from 1 to ${MAX_PAGE}`)
      }
      const userId = username === undefined ? options.userId : (await requireUser(db, username)).id
      const rows = await pageOfKeys(db, { userId, after: after ?? undefined, limit: limit + 1 })
      const page = toPage(rows, limit, ({ id }) => id)
      return { ...page, rows: await viewKeys(db, page.rows, clock.now()) }
    },

    /** Whose a key is, what it may do, and from where it was used. Takes the id, or the key itself. */
    async inspect(idOrKey: string, { owner }: OwnerOption = {}): Promise<InspectedKey> {
      const { id } = await requireKey(db, idOrKey, owner)
      const text = idOrKey.trim()
      const isGenuine =
        apiKeyId(text) === null ? null : await hasDigest(db, id, keyring.digest(text))
      const addresses = await listKeyAddresses(db, id, MAX_ADDRESSES)
      return {
        ...(await viewKey(db, id, clock.now())),
        isGenuine,
        addresses: addresses.map(({ address, first_used_at, last_used_at }) => ({
          address,
          firstAt: first_used_at,
          lastAt: last_used_at,
        })),
      }
    },

    /**
     * Takes the id, or the key itself. Its successor goes on working, but can't be fetched any more.
     * Revoking again changes nothing. Throws not_found, and forbidden for keys of those who may do more.
     */
    async revoke(actor: Actor, idOrKey: string, { owner }: OwnerOption = {}): Promise<Key> {
      const before = await requireKey(db, idOrKey, owner)
      const { id } = before
      if (before.revoked_at !== null) return await viewKey(db, id, clock.now())
      return await change(needs, { actor, action: 'key.revoke', target: id }, async (tx) => {
        const now = clock.now()
        const { user_id, username, replaced_by } = await requireKey(tx, id)
        if (actor.principal?.userId === user_id) requireUnscoped(actor, id)
        await requireOwnerOrOver(tx, actor, { id: user_id, username }, now)
        await revokeKeys(tx, { id }, now)
        if (replaced_by !== null) await eraseSealedText(tx, replaced_by)
        const detail = { username, successor: replaced_by }
        return { result: await viewKey(tx, id, now), detail }
      })
    },
  }
}
