import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { MAX_AMOUNT, type Unit, type Window } from '../../../app/domain/limit.ts'
import type { Allotment, Proposal } from '../../../app/services/limit-proposal.ts'
import type { Subject } from '../../../app/services/limit-subject.ts'
import { openDatabase } from '../../../db/client.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const ANNA = { user: 'anna' }

const per = (unit: Unit, window: Window, amount: number): Allotment => ({ unit, window, amount })
const tokens = (amount: number, window: Window = 'day'): Allotment => per('tokens', window, amount)

await describeEachDatabase('limits', (openFresh) => {
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

  /** What applies, in short: its scope, place, window and amount. */
  const shown = async (subject: Subject, gateway?: string): Promise<string[]> =>
    (await admin.limits.get(subject, gateway)).limits.map((limit) =>
      [limit.scope, limit.gateway, limit.model, limit.unit, limit.window, limit.limit].join(' '),
    )

  const rows = () => database.db.selectFrom('limits').selectAll().orderBy('id').execute()

  test('of every unit and window are set together and read back in a steady order', async () => {
    const amounts = [
      per('concurrent-requests', 'now', MAX_AMOUNT['concurrent-requests']),
      tokens(MAX_AMOUNT.tokens, 'minute'),
      tokens(1, 'hour'),
      tokens(3),
      per('requests', 'minute', 4),
      per('requests', 'hour', 5),
      per('requests', 'day', MAX_AMOUNT.requests),
      per('compute-seconds', 'day', MAX_AMOUNT['compute-seconds']),
    ]
    const rules = await set({ user: 'ANNA' }, amounts)
    expect(rules[2]).toEqual({
      gateway: 'ollama',
      model: '*',
      unit: 'tokens',
      window: 'hour',
      amount: 1,
      shadow: false,
      shared: false,
      before: null,
    })
    expect(await shown(ANNA)).toEqual([
      'user ollama * requests minute 4',
      'user ollama * requests hour 5',
      'user ollama * requests day 10000000000',
      'user ollama * tokens minute 10000000000',
      'user ollama * tokens hour 1',
      'user ollama * tokens day 3',
      'user ollama * compute-seconds day 10000000',
      'user ollama * concurrent-requests now 1000000',
    ])
  })

  test('set again change their amount and nothing else, and tell what it was', async () => {
    await set(ANNA, [tokens(100)], { model: 'llama3' })
    const [first] = await rows()
    const again = await set(ANNA, [tokens(200), tokens(20, 'hour')], { model: ' LLama3:latest' })
    expect(again.map(({ before }) => before)).toEqual([100, null])
    const [second, ...others] = await rows()
    expect(second).toEqual({
      ...first,
      amount: 200,
      updated_at: expect.any(Number),
    } as NonNullable<typeof first>)
    expect(others).toHaveLength(1)
    expect(second?.model).toBe('llama3:latest')
  })

  test('for other models, gateways, subjects and shadows stand beside each other', async () => {
    const { id } = await admin.keys.generate(TESTER, 'anna')
    await set(ANNA, [tokens(1)])
    await set(ANNA, [tokens(2)], { model: 'llama3' })
    await set(ANNA, [tokens(3)], { gateway: '*' })
    await set(ANNA, [tokens(4)], { shadow: true })
    await set({ role: 'basic' }, [tokens(5)], { gateway: 'openai' })
    await set({ role: 'basic' }, [tokens(6)], { shared: true })
    await set({ key: id }, [tokens(7)])
    expect(await rows()).toHaveLength(7)
    expect(await shown(ANNA)).toEqual([
      'user * * tokens day 3',
      'user ollama * tokens day 1',
      'user ollama * tokens day 4',
      'user ollama llama3:latest tokens day 2',
      'role openai * tokens day 5',
      'shared ollama * tokens day 6',
      'key ollama * tokens day 7',
    ])
    expect(await shown(ANNA, 'openai')).toEqual([
      'user * * tokens day 3',
      'role openai * tokens day 5',
    ])
    expect(await shown(ANNA, '*')).toEqual(['user * * tokens day 3'])
  })

  test('are removed by gateway, model, shadow and sharing, and only those', async () => {
    const reset = (subject: Subject, selection: object = {}) =>
      admin.limits.reset(TESTER, subject, { gateway: 'ollama', ...selection })
    await set(ANNA, [tokens(1), tokens(1, 'hour')])
    await set(ANNA, [tokens(2)], { model: 'llama3' })
    await set(ANNA, [tokens(3)], { shadow: true })
    await set(ANNA, [tokens(4)], { gateway: '*' })
    await set({ role: 'basic' }, [tokens(5)], { shared: true })
    await set({ role: 'basic' }, [tokens(6)])
    const amounts = async (act: Promise<readonly { amount: number }[]>) =>
      (await act).map(({ amount }) => amount).sort()
    expect(await amounts(reset(ANNA, { shadowOnly: true }))).toEqual([3])
    expect(await amounts(reset(ANNA, { model: 'LLAMA3' }))).toEqual([2])
    expect(await amounts(reset({ role: 'basic' }, { sharedOnly: true }))).toEqual([5])
    expect(await amounts(reset({ user: 'Anna' }))).toEqual([1, 1])
    expect((await rows()).map(({ amount }) => amount)).toEqual([4, 6])
    expect(await refusalOf(reset(ANNA))).toMatchObject({
      code: 'not_found',
      message: 'no limits are set for anna through ollama; there are some through *',
    })
    expect(await refusalOf(reset({ role: 'premium' }, { model: 'llama3' }))).toMatchObject({
      message:
        'no limits are set for the role premium through ollama with llama3:latest; there are none at all',
    })
  })

  test('raise the revision for each change, and again for emptied buckets, with one audit entry each', async () => {
    const trace = async () => ({
      revision: await readRevision(database.db),
      entries: await database.db.selectFrom('audit_log').selectAll().orderBy('id').execute(),
    })
    const before = await trace()
    const { id, key } = await admin.keys.generate(TESTER, 'anna')
    await set({ key }, [tokens(5)])
    await set({ user: 'ANNA' }, [tokens(5), tokens(1, 'hour')])
    await admin.limits.resetUsed(TESTER, ANNA, { gateway: 'ollama' })
    await admin.limits.reset(TESTER, ANNA, { gateway: 'ollama' })
    const after = await trace()
    expect(after.revision - before.revision).toBe(6)
    const entries = after.entries.slice(before.entries.length + 1)
    expect(entries.map(({ action, target }) => `${action} ${target}`)).toEqual([
      `limit.set key:${id}`,
      'limit.set user:anna',
      'limit.reset-used user:anna',
      'limit.reset user:anna',
    ])
    expect(JSON.parse(entries[1]?.detail ?? '').rules).toMatchObject([
      { unit: 'tokens', window: 'day', amount: 5, before: null },
      { unit: 'tokens', window: 'hour', amount: 1 },
    ])
    expect(JSON.stringify(entries)).not.toContain(key.slice(14))
  })

  test('set by two administrators at once are wholly those of the one or the other', async () => {
    const handle = openDatabase(database.url)
    try {
      const other = testAdmin(handle.db)
      for (let round = 0; round < 5; round++) {
        const proposal = (amount: number): Proposal => ({
          gateway: 'ollama',
          amounts: [tokens(amount), tokens(amount, 'hour'), per('requests', 'day', amount)],
        })
        const [mine, theirs] = await Promise.all([
          admin.limits.set(TESTER, ANNA, proposal(round * 2 + 1)),
          other.limits.set(TESTER, ANNA, proposal(round * 2 + 2)),
        ])
        const amounts = new Set((await rows()).map(({ amount }) => amount))
        expect(amounts.size).toBe(1)
        // Whoever came second saw what the first had set.
        const [last] = [mine, theirs].filter((rules) =>
          rules.every(({ amount }) => amounts.has(amount)),
        )
        const [first] = [mine, theirs].filter((rules) => rules !== last)
        expect(last?.map(({ before }) => before)).toEqual(first?.map(({ amount }) => amount) ?? [])
      }
      expect(await rows()).toHaveLength(3)
    } finally {
      await handle.close()
    }
  })
})
