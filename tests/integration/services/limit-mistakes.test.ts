import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { MAX_AMOUNT, type Unit, type Window } from '../../../app/domain/limit.ts'
import type { Allotment, Proposal } from '../../../app/services/limit-proposal.ts'
import type { Subject } from '../../../app/services/limit-subject.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const ANNA = { user: 'anna' }

const per = (unit: Unit, window: Window, amount: number): Allotment => ({ unit, window, amount })
const tokens = (amount: number, window: Window = 'day'): Allotment => per('tokens', window, amount)

await describeEachDatabase('limits that are mistaken', (openFresh) => {
  let database: TestDatabase
  let admin: Admin

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
    await admin.users.create(TESTER, { username: 'anna' })
  })

  const set = (subject: Subject, amounts: readonly Allotment[], more: Partial<Proposal> = {}) =>
    admin.limits.set(TESTER, subject, { gateway: 'ollama', amounts, ...more })

  const rows = () => database.db.selectFrom('limits').selectAll().orderBy('id').execute()

  test('that can’t be set are refused with what is valid, and nothing is changed', async () => {
    const { id, key } = await admin.keys.generate(TESTER, 'anna')
    await admin.keys.revoke(TESTER, id)
    const expired = await admin.keys.generate(TESTER, 'anna', { expiresAt: Date.now() - 1 })
    await admin.users.create(TESTER, { username: 'gone' })
    await admin.users.delete(TESTER, 'gone')
    await set(ANNA, [tokens(1)])
    const before = { rows: await rows(), revision: await readRevision(database.db) }

    const bad: [code: string, message: RegExp, act: () => Promise<unknown>][] = [
      ['not_found', /no user "nobody"/, () => set({ user: 'nobody' }, [tokens(9)])],
      ['not_found', /no user "gone"/, () => set({ user: 'gone' }, [tokens(9)])],
      ['not_found', /did you mean premium\?/, () => set({ role: 'premum' }, [tokens(9)])],
      ['not_found', /no key with the id "nothing"/, () => set({ key: 'nothing' }, [tokens(9)])],
      ['conflict', /is revoked/, () => set({ key: id }, [tokens(9)])],
      ['conflict', /is revoked/, () => set({ key }, [tokens(9)])],
      ['conflict', /has expired/, () => set({ key: expired.id }, [tokens(9)])],
      [
        'invalid',
        /did you mean ollama\? \(the gateways are ollama, openai, anthropic, or \*/,
        () => set(ANNA, [tokens(9)], { gateway: 'olama' }),
      ],
      ['invalid', /no name of a model/, () => set(ANNA, [tokens(9)], { model: 'llama*' })],
      ['invalid', /no name of a model/, () => set(ANNA, [tokens(9)], { model: 'a b' })],
      ['invalid', /nothing to limit/, () => set(ANNA, [])],
      ['invalid', /two amounts for tokens per day/, () => set(ANNA, [tokens(8), tokens(9)])],
      ['invalid', /of a role can be shared/, () => set(ANNA, [tokens(9)], { shared: true })],
      [
        'invalid',
        /window of concurrent-requests is now, not day/,
        () => set(ANNA, [per('concurrent-requests', 'day', 9)]),
      ],
      [
        'invalid',
        /window of tokens is minute or hour or day, not now/,
        () => set(ANNA, [tokens(9, 'now')]),
      ],
      ['invalid', /"watts" can't be limited/, () => set(ANNA, [per('watts' as Unit, 'day', 9)])],
      ...[-1, 0, 0.5, Number.NaN, Number.POSITIVE_INFINITY, MAX_AMOUNT.tokens + 1, 1e300].map(
        (amount): [string, RegExp, () => Promise<unknown>] => [
          'invalid',
          /^tokens per day must be a whole number from 1 to 10000000000, not /,
          () => set(ANNA, [tokens(5, 'hour'), tokens(amount)]),
        ],
      ),
    ]
    for (const [code, message, act] of bad) {
      const refusal = await refusalOf(act())
      expect([message, refusal?.code]).toEqual([message, code as never])
      expect(refusal?.message).toMatch(message)
    }
    expect({ rows: await rows(), revision: await readRevision(database.db) }).toEqual(before)
  })

  test('of nobody, through no gateway, are refused wherever they are named', async () => {
    const acts = (subject: Subject, gateway: string) => [
      () => admin.limits.get(subject, gateway),
      () => admin.limits.reset(TESTER, subject, { gateway }),
      () => admin.limits.resetUsed(TESTER, subject, { gateway }),
      () => admin.limits.simulate(subject, { gateway, amounts: [tokens(1)] }, { days: 1 }),
    ]
    for (const act of acts({ user: 'nobody' }, 'ollama'))
      expect((await refusalOf(act()))?.code).toBe('not_found')
    for (const act of acts(ANNA, 'olama')) expect((await refusalOf(act()))?.code).toBe('invalid')
  })
})
