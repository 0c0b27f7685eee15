import { z } from 'zod'
import type { Key, NewKey } from '../../services/key-view.ts'
import type { KeyOptions } from '../../services/keys.ts'
import { futureInput, optionalTime, time, toOptionalTime, toTime } from '../wire.ts'

const MS_PER_SECOND = 1000
const MAX_SECONDS = 10_000 * 86_400

const names = z.array(z.string())
const givenNames = z.array(z.string().max(200)).max(100).optional()
const seconds = z.int().min(0).max(MAX_SECONDS)

/** A key, never its text. */
export const keySchema = z
  .object({
    id: z.string(),
    username: z.string(),
    description: z.string(),
    last_four: z.string(),
    status: z.enum(['active', 'replaced', 'expired', 'revoked']),
    created_at: time,
    expires_at: optionalTime,
    revoked_at: optionalTime,
    scopes: z.object({ gateways: names, models: names, permissions: names, addresses: names }),
    family_id: z
      .string()
      .meta({ description: 'The same for all keys that were made from one another by rotation' }),
    replaced_by: z.string().nullable(),
    rotation: z
      .object({ every_seconds: z.number(), grace_seconds: z.number(), next_at: optionalTime })
      .nullable(),
    last_use: z
      .object({ at: time, address: z.string().nullable(), agent: z.string().nullable() })
      .nullable(),
  })
  .meta({ id: 'Key' })

/** A key that was just made, with its text. */
export const newKeySchema = keySchema
  .extend({ key: z.string().meta({ description: 'The key itself, shown this once' }) })
  .meta({ id: 'NewKey' })

/** A key as it is sent. */
export const keyView = (key: Key): z.infer<typeof keySchema> => ({
  id: key.id,
  username: key.username,
  description: key.description,
  last_four: key.lastFour,
  status: key.status,
  created_at: toTime(key.createdAt),
  expires_at: toOptionalTime(key.expiresAt),
  revoked_at: toOptionalTime(key.revokedAt),
  scopes: {
    gateways: [...key.scopes.gateways],
    models: [...key.scopes.models],
    permissions: [...key.scopes.permissions],
    addresses: [...key.scopes.addresses],
  },
  family_id: key.familyId,
  replaced_by: key.replacedBy,
  rotation: key.rotation && {
    every_seconds: key.rotation.everyMs / MS_PER_SECOND,
    grace_seconds: key.rotation.graceMs / MS_PER_SECOND,
    next_at: toOptionalTime(key.rotation.nextAt),
  },
  last_use: key.lastUse && { ...key.lastUse, at: toTime(key.lastUse.at) },
})

/** The same with the text, for who made it. */
export const newKeyView = (key: NewKey): z.infer<typeof newKeySchema> => ({
  ...keyView(key),
  key: key.key,
})

/** How long a replaced key goes on working. */
export const graceSeconds = seconds
  .optional()
  .meta({ description: 'How long the old key goes on working when it is replaced' })

/** What a new key can be given. */
export const keyInput = z.strictObject({
  description: z.string().max(200).optional(),
  expires_at: futureInput.optional(),
  scopes: z
    .strictObject({
      gateways: givenNames,
      models: givenNames,
      permissions: givenNames,
      addresses: givenNames,
    })
    .optional()
    .meta({ description: 'What it is restricted to; without any, to what its owner may do' }),
  rotate_every_seconds: seconds
    .optional()
    .meta({ description: 'How often the server puts a new key in its place' }),
  grace_seconds: graceSeconds,
})

/** What is asked for as services take it. */
export const toKeyOptions = (input: z.infer<typeof keyInput>): KeyOptions => ({
  description: input.description,
  expiresAt: input.expires_at,
  scopes: toScopes(input.scopes),
  rotateEveryMs: toMs(input.rotate_every_seconds),
  graceMs: toMs(input.grace_seconds),
})

/** Seconds as ms, where they are given. */
export const toMs = (given: number | undefined): number | undefined =>
  given === undefined ? undefined : given * MS_PER_SECOND

const toScopes = ({ gateways, models, permissions, addresses }: ScopesInput = {}) => ({
  ...(gateways && { gateways }),
  ...(models && { models }),
  ...(permissions && { permissions }),
  ...(addresses && { addresses }),
})

type ScopesInput = NonNullable<z.infer<typeof keyInput>['scopes']>
