import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { type Bucket, EMPTY } from '../../../app/domain/bucket.ts'
import { createStoredBuckets } from '../../../app/limits/stored-buckets.ts'
import type { Actor } from '../../../app/services/actor.ts'
import type { Allotment, Proposal } from '../../../app/services/limit-proposal.ts'
import type { Subject } from '../../../app/services/limit-subject.ts'
import { createLimits } from '../../../app/services/limits.ts'
import type { Db } from '../../../db/client.ts'
import { newId } from '../../../db/ids.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { acting } from '../../support/keys-service.ts'
import { refusalOf } from '../../support/refusal.ts'

const HOUR_MS = 3_600_000
const AT = 1_800_000_000_000
const TICK = AT / 10

const names = { gateways: ['ollama', 'openai'], operations: ['chat'] }
const common = { ...names, installedModels: async () => null }

await describeEachDatabase('what is left of limits', (openFresh) => {
  let db: Db
  let admin: Admin
  let limits: ReturnType<typeof createLimits>
  let anna: string

  beforeEach(async () => {
    db = (await openFresh()).db
    admin = testAdmin(db)
    const needs = { ...common, db, clock: { now: () => AT }, newId }
    limits = createLimits({ ...needs, buckets: createStoredBuckets(needs) })
    anna = (await admin.users.create(TESTER, { username: 'anna' })).id
  })

  const tokens = (amount: number): Allotment => ({ unit: 'tokens', window: 'hour', amount })
  const set = (subject: Subject, amounts: readonly Allotment[], more: Partial<Proposal> = {}) =>
    limits.set(TESTER, subject, { gateway: 'ollama', amounts, ...more })

  /** As the server writes it down. */
  const fill = (holder: string, bucket: string, state: Partial<Bucket>) =>
    db
      .insertInto('limit_buckets')
      .values({ holder, bucket, ...EMPTY, ...state, updated_at: AT })
      .execute()

  const first = async (subject: Subject) => (await limits.get(subject)).limits[0]

  test('is all of it when nothing was used', async () => {
    await set({ user: 'anna' }, [tokens(100)])
    expect(await limits.get({ user: 'anna' })).toEqual({
      at: AT,
      limits: [
        {
          scope: 'user',
          role: null,
          key: null,
          gateway: 'ollama',
          model: '*',
          unit: 'tokens',
          window: 'hour',
          limit: 100,
          used: 0,
          remaining: 100,
          resetsAt: null,
          shadow: false,
          refusals: null,
        },
      ],
    })
  })

  test('counts what was used and not paid off, what is held, and when it is all back', async () => {
    await set({ user: 'anna' }, [tokens(100)])
    const halfAnHourAgo = TICK - 180_000
    await fill(`user:${anna}`, 'all ollama * tokens hour', {
      debt: 80 * 360_000,
      tick: halfAnHourAgo,
      held: 10,
    })
    expect(await first({ user: 'anna' })).toMatchObject({
      used: 40,
      remaining: 60,
      resetsAt: AT + 0.4 * HOUR_MS,
    })
  })

  test('is nothing when more was used than there is, and says how much', async () => {
    await set({ user: 'anna' }, [tokens(100)])
    const name = 'all ollama * tokens hour'
    await fill(`user:${anna}`, name, { debt: 150 * 360_000, tick: TICK })
    expect(await first({ user: 'anna' })).toMatchObject({
      used: 150,
      remaining: 0,
      resetsAt: AT + 1.5 * HOUR_MS,
    })
  })

  test('is in whole seconds for compute time, and used and remaining make up the limit', async () => {
    await set({ user: 'anna' }, [{ unit: 'compute-seconds', window: 'hour', amount: 60 }])
    await fill(`user:${anna}`, 'all ollama * compute-seconds hour', {
      debt: 1500 * 360_000,
      tick: TICK,
    })
    expect(await first({ user: 'anna' })).toMatchObject({ limit: 60, used: 2, remaining: 58 })
  })

  test('has no time for what comes back only when requests end', async () => {
    await set({ user: 'anna' }, [{ unit: 'concurrent-requests', window: 'now', amount: 4 }])
    await fill(`user:${anna}`, 'all ollama * concurrent-requests now', { held: 3, tick: AT })
    expect(await first({ user: 'anna' })).toMatchObject({ used: 3, remaining: 1, resetsAt: null })
  })

  test('tells of a shadow what it would have refused', async () => {
    await set({ user: 'anna' }, [tokens(100)], { shadow: true })
    await fill(`user:${anna}`, 'all ollama * tokens hour shadow', { refusals: 7 })
    expect(await first({ user: 'anna' })).toMatchObject({ shadow: true, refusals: 7, used: 0 })
  })

  test('is nobody’s for what each member of a role has, and one for what all share', async () => {
    await set({ role: 'basic' }, [tokens(100)])
    await set({ role: 'basic' }, [tokens(500)], { shared: true, gateway: '*' })
    await fill('role:role-basic', 'all * * tokens hour', { debt: 50 * 360_000, tick: TICK })
    const [each, all] = (await limits.get({ role: 'basic' })).limits
    expect(each).toMatchObject({ scope: 'role', role: 'basic', used: null, remaining: null })
    expect(all).toMatchObject({ scope: 'shared', role: 'basic', used: 50, remaining: 450 })
    expect((await limits.get({ user: 'anna' })).limits).toMatchObject([{ used: 0 }, { used: 50 }])
  })

  test('is given back by an administrator, and the limits stay', async () => {
    const { id } = await admin.keys.generate(TESTER, 'anna')
    const used = { debt: 50 * 360_000, tick: TICK }
    await set({ user: 'anna' }, [tokens(100)])
    await set({ user: 'anna' }, [tokens(100)], { gateway: '*' })
    await set({ key: id }, [tokens(100)])
    await set({ role: 'basic' }, [tokens(100)], { shared: true })
    const holder = `user:${anna}`
    await fill(holder, 'all ollama * tokens hour', used)
    await fill(holder, 'all * * tokens hour', used)
    await fill(holder, `key:${id} ollama * tokens hour`, used)
    await fill('role:role-basic', 'all ollama * tokens hour', used)
    const usedNow = async () =>
      (await limits.get({ user: 'anna' })).limits.map(({ used: amount }) => amount)
    expect(await usedNow()).toEqual([50, 50, 50, 50])
    const reset = (subject: Subject) => limits.resetUsed(TESTER, subject, { gateway: 'ollama' })
    expect(await reset({ user: 'anna' })).toBe(1)
    expect(await usedNow()).toEqual([50, 0, 50, 50])
    expect(await reset({ role: 'basic' })).toBe(1)
    expect(await usedNow()).toEqual([50, 0, 0, 50])
    expect(await reset({ key: id })).toBe(1)
    expect(await usedNow()).toEqual([50, 0, 0, 0])
    expect(await db.selectFrom('limits').select('id').execute()).toHaveLength(4)
  })

  test('is given back to all members of a role, but not what they have by a rule of their own', async () => {
    const bob = (await admin.users.create(TESTER, { username: 'bob', roles: ['premium'] })).id
    await set({ role: 'basic' }, [tokens(100)])
    await set({ user: 'anna' }, [tokens(10)])
    for (const id of [anna, bob])
      await fill(`user:${id}`, 'all ollama * tokens hour', { debt: 5 * 360_000, tick: TICK })
    expect(await limits.resetUsed(TESTER, { role: 'basic' }, { gateway: 'ollama' })).toBe(1)
    expect((await first({ user: 'bob' }))?.used).toBe(0)
    expect((await first({ user: 'anna' }))?.used).toBe(5)
    expect(
      await refusalOf(limits.resetUsed(TESTER, { user: 'anna' }, { gateway: 'openai' })),
    ).toMatchObject({ code: 'not_found' })
  })

  test('is given back only to who may, and before the revision tells servers to look', async () => {
    await set({ user: 'anna' }, [tokens(100)])
    const before = await readRevision(db)
    const seen: number[] = []
    const announced: number[] = []
    const announce = async (revision: number) => void announced.push(revision)
    const clock = { now: () => AT }
    const needs = { ...common, db, clock, newId, announce }
    const stored = createStoredBuckets(needs)
    const watched = createLimits({
      ...needs,
      buckets: {
        ...stored,
        async empty(...args) {
          await stored.empty(...args)
          seen.push(await readRevision(db))
        },
      },
    })
    const gone = acting({ id: 'gone', username: 'gone' }, ['limits:manage'])
    const reset = (actor: Actor) =>
      watched.resetUsed(actor, { user: 'anna' }, { gateway: 'ollama' })
    expect(await refusalOf(reset(gone))).toMatchObject({ code: 'forbidden' })
    expect([seen, announced]).toEqual([[], []])
    await reset(TESTER)
    expect([...seen, await readRevision(db)]).toEqual([before + 1, before + 2])
    expect(announced).toEqual([before + 1, before + 2])
  })
})
