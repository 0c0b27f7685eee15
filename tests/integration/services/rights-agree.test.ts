import { beforeEach, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createPrincipalLoader } from '../../../app/auth/principal-loader.ts'
import { type Grant, mayUseModel } from '../../../app/domain/grant.ts'
import { modelPattern, parseModelName } from '../../../app/domain/model-name.ts'
import { permissionsOf } from '../../../app/services/authority.ts'
import { reachOf } from '../../../app/services/role-reach.ts'
import type { Db } from '../../../db/client.ts'
import {
  insertRole,
  replaceRoleModels,
  replaceRolePermissions,
  updateRole,
  upsertUserRole,
} from '../../../db/queries/roles.ts'
import { TESTER, testAdmin, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { AT } from '../../support/keys-service.ts'
import { PERMISSIONS } from '../../support/permissions.ts'

const RUNS = 100
const MAX_ROLES = 6
/** Each pattern has a model that no other matches. */
const PATTERNS = ['a', 'b*', '*:7b', 'team/*', 'e:1']
const MODELS = ['a', 'b:2', 'c:7b', 'team/d', 'e:1', 'nobody']

interface Membership {
  readonly of: 'anna' | 'zoe'
  readonly role: number
  readonly expiresAt: number | null
}

interface World {
  readonly roles: readonly {
    /** The place of another role, or its own; cycles among them. */
    readonly parent: number | null
    readonly permissions: readonly string[]
    readonly models: readonly string[]
  }[]
  readonly memberships: readonly Membership[]
}

const place = fc.nat(MAX_ROLES - 1)
const worlds: fc.Arbitrary<World> = fc.record({
  roles: fc.array(
    fc.record({
      parent: fc.option(place),
      permissions: fc.subarray([...PERMISSIONS], { maxLength: 3 }),
      models: fc.subarray(PATTERNS, { maxLength: 2 }),
    }),
    { minLength: MAX_ROLES, maxLength: MAX_ROLES },
  ),
  memberships: fc.uniqueArray(
    fc.record({
      of: fc.constantFrom<Membership['of'][]>('anna', 'anna', 'zoe'),
      role: place,
      expiresAt: fc.constantFrom(null, AT - 1, AT, AT + 1, AT + 1000),
    }),
    { maxLength: 5, selector: ({ of, role }) => `${of} ${role}` },
  ),
})

const usable = (models: Grant['models']): string[] =>
  MODELS.filter((text) => {
    const name = parseModelName(text)
    return name !== null && mayUseModel({ permissions: new Set(), models }, name)
  })

await describeEachDatabase('what a user may do', (openFresh) => {
  let db: Db
  let ids: Record<Membership['of'], string>
  let digest: string

  beforeEach(async () => {
    db = (await openFresh()).db
    const { keys, users } = testAdmin(db)
    const anna = await users.create(TESTER, { username: 'anna' })
    const zoe = await users.create(TESTER, { username: 'zoe' })
    ids = { anna: anna.id, zoe: zoe.id }
    digest = testKeyring.digest((await keys.generate(TESTER, 'anna')).key)
  })

  test('is the same to whoever lets them in and to whoever asks what they may be given', async () => {
    const load = createPrincipalLoader({ isSigner: async () => true, db, clock: { now: () => AT } })
    const seen = { rights: 0, models: 0, ends: 0 }
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        await become(world)
        const principal = await load({ digest })
        if (!principal) throw new Error('the key is good for nothing')
        const permissions = [...principal.permissions].sort()
        expect(permissions).toEqual((await permissionsOf(db, ids.anna, AT)).sort())

        const reach = await reachOf(db, ids.anna, AT)
        expect(permissions).toEqual([...reach.permissions].sort())
        expect(usable(principal.models)).toEqual(usable(reach.models.map(modelPattern)))

        const last = Math.min(principal.validUntil - 1, Number.MAX_SAFE_INTEGER)
        expect((await permissionsOf(db, ids.anna, last)).sort()).toEqual(permissions)
        seen.rights += permissions.length
        seen.models += reach.models.length
        seen.ends += Number.isFinite(principal.validUntil) ? 1 : 0
      }),
      { numRuns: RUNS },
    )
    expect(Math.min(seen.rights, seen.models, seen.ends)).toBeGreaterThan(0)
  })

  const become = ({ roles, memberships }: World): Promise<void> =>
    db.transaction().execute(async (tx) => {
      await tx.updateTable('roles').set({ parent_id: null }).execute()
      await tx.deleteFrom('roles').execute()
      const base = { parent_id: null, description: '', created_at: AT }
      for (const [i, { permissions, models }] of roles.entries()) {
        await insertRole(tx, { ...base, id: `role-${i}`, name: `name-${MAX_ROLES - i}` })
        await replaceRolePermissions(tx, `role-${i}`, permissions)
        await replaceRoleModels(tx, `role-${i}`, models)
      }
      for (const [i, { parent }] of roles.entries()) {
        if (parent !== null) await updateRole(tx, `role-${i}`, { parent_id: `role-${parent}` })
      }
      for (const { of, role, expiresAt } of memberships) {
        const row = { role_id: `role-${role}`, granted_at: AT - 1, expires_at: expiresAt }
        await upsertUserRole(tx, { user_id: ids[of], ...row })
      }
    })
})
