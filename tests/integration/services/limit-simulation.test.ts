import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { Allotment, Proposal } from '../../../app/services/limit-proposal.ts'
import type { Simulation } from '../../../app/services/limit-simulation.ts'
import type { Subject } from '../../../app/services/limit-subject.ts'
import { MAX_CLOSED } from '../../../db/queries/close-requests.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import type { RequestsTable } from '../../../db/schema.ts'
import { insertRequests, requestRow, TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

const requests = (amount: number): Allotment => ({ unit: 'requests', window: 'hour', amount })
const tokens = (amount: number): Allotment => ({ unit: 'tokens', window: 'hour', amount })

await describeEachDatabase('a simulated limit', (openFresh) => {
  let database: TestDatabase
  let admin: Admin
  let ids: Record<string, string>
  /** Two hours ago: all that is there of the ledger begins then. */
  let start: number

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
    start = Date.now() - 2 * HOUR_MS
    const [anna, bob] = await Promise.all([
      admin.users.create(TESTER, { username: 'anna' }),
      admin.users.create(TESTER, { username: 'bob', roles: ['premium'] }),
    ])
    ids = { anna: anna.id, bob: bob.id }
  })

  /** A request of a second, so long after the start. */
  const at = (username: string, afterMs: number, changes: Partial<RequestsTable> = {}) => {
    const started_at = start + afterMs
    return requestRow({
      user_id: ids[username] ?? '',
      started_at,
      ended_at: started_at + 1000,
      ...changes,
    })
  }

  const write = async (rows: readonly RequestsTable[]) => {
    for (let i = 0; i < rows.length; i += MAX_CLOSED)
      await insertRequests(database, rows.slice(i, i + MAX_CLOSED))
  }

  const simulate = async (
    subject: Subject,
    amounts: readonly Allotment[],
    more: Partial<Proposal> = {},
    days = 7,
  ): Promise<Simulation[]> =>
    await admin.limits.simulate(subject, { gateway: '*', amounts, ...more }, { days })

  const one = async (...args: Parameters<typeof simulate>): Promise<Simulation> => {
    const [simulation] = await simulate(...args)
    if (!simulation) throw new Error('there is no simulation')
    return simulation
  }

  test('refuses what did not fit, tells when it would have, and changes nothing', async () => {
    await write([0, 1, 2].map((n) => at('anna', n * MINUTE_MS, { operation: 'chat' })))
    await write([at('anna', 31 * MINUTE_MS, { operation: 'embed', model: 'nomic:latest' })])
    const revision = await readRevision(database.db)
    expect(await one({ user: 'Anna' }, [requests(2)])).toEqual({
      rule: {
        gateway: '*',
        model: '*',
        unit: 'requests',
        window: 'hour',
        amount: 2,
        shadow: false,
      },
      shared: false,
      requests: 4,
      refused: 1,
      refusals: [
        {
          username: 'anna',
          startedAt: start + 2 * MINUTE_MS,
          operation: 'chat',
          model: 'llama2:latest',
          amount: 1,
          letInAt: expect.any(Number),
        },
      ],
      users: [{ username: 'anna', requests: 4, refused: 1 }],
    })
    expect(await readRevision(database.db)).toBe(revision)
    expect(await database.db.selectFrom('limits').selectAll().execute()).toEqual([])
  })

  test('counts tokens in and out, compute time, and requests at the same time', async () => {
    await write([
      at('anna', 0, { prompt_tokens: 30, completion_tokens: 40, compute_ms: 2500 }),
      at('anna', 500, { prompt_tokens: 1, completion_tokens: 2, compute_ms: 1500 }),
      at('anna', 2000, { prompt_tokens: 71, completion_tokens: 30, compute_ms: 0 }),
    ])
    const found = await simulate({ user: 'anna' }, [
      tokens(72),
      { unit: 'compute-seconds', window: 'hour', amount: 3 },
      { unit: 'concurrent-requests', window: 'now', amount: 1 },
    ])
    const refused = found.map(({ refusals }) =>
      refusals.map(({ startedAt, amount, letInAt }) => [
        startedAt - start,
        amount,
        letInAt === null ? null : letInAt - start,
      ]),
    )
    expect(refused[0]).toEqual([
      [500, 3, expect.any(Number)],
      [2000, 101, null],
    ])
    expect(refused[1]).toEqual([[500, 1, expect.any(Number)]])
    expect(refused[2]).toEqual([[500, 1, 1000]])
  })

  test('takes inference alone, through its gateway and with its model, and nothing that was free', async () => {
    await write([
      at('anna', 0),
      at('anna', 1, { gateway: 'openai' }),
      at('anna', 2, { model: 'qwen3:8b' }),
      at('anna', 3, { operation: 'pull' }),
      at('anna', 4, { operation: 'show', model: null }),
      at('anna', 5, { outcome: 'failed', prompt_tokens: 0, completion_tokens: 0 }),
      at('anna', 6, { outcome: 'failed', prompt_tokens: 0, completion_tokens: 3 }),
      at('anna', 7, { outcome: 'cancelled', prompt_tokens: 0, completion_tokens: 0 }),
      at('anna', -8 * DAY_MS),
    ])
    const count = async (more: Partial<Proposal>, days = 7) =>
      (await one({ user: 'anna' }, [requests(100)], more, days)).requests
    expect(await count({})).toBe(5)
    expect(await count({}, 9)).toBe(6)
    expect(await count({ gateway: 'ollama' })).toBe(4)
    expect(await count({ gateway: 'openai' })).toBe(1)
    expect(await count({ model: 'QWEN3:8b' })).toBe(1)
    expect(await count({ gateway: 'openai', model: 'qwen3:8b' })).toBe(0)
  })

  test('of a role holds for each member apart, or for all together when it is shared', async () => {
    await admin.users.create(TESTER, { username: 'carl', roles: ['premium'] })
    await admin.roles.grant(TESTER, 'carl', 'premium', Date.now() - 1)
    ids.carl = (await admin.users.info('carl')).id
    await write(['anna', 'bob', 'carl', 'anna', 'bob'].map((name, i) => at(name, i * 2000)))
    const basic = await one({ role: 'basic' }, [requests(2)])
    expect(basic).toMatchObject({ requests: 4, refused: 0, shared: false })
    expect(basic.users).toEqual([
      { username: 'anna', requests: 2, refused: 0 },
      { username: 'bob', requests: 2, refused: 0 },
    ])
    const shared = await one({ role: 'basic' }, [requests(3)], { shared: true })
    expect(shared).toMatchObject({ requests: 4, refused: 1, shared: true })
    expect(shared.users[0]).toEqual({ username: 'bob', requests: 2, refused: 1 })
    expect((await one({ role: 'premium' }, [requests(1)])).users).toEqual([
      { username: 'bob', requests: 2, refused: 1 },
    ])
    expect(await one({ role: 'admin' }, [requests(1)])).toMatchObject({ requests: 0, users: [] })
  })

  test('of a key takes what was done with it, also when it is revoked', async () => {
    const { id, key } = await admin.keys.generate(TESTER, 'anna')
    await write([at('anna', 0, { key_id: id }), at('anna', 1), at('anna', 2, { key_id: id })])
    await admin.keys.revoke(TESTER, id)
    expect(await one({ key }, [requests(1)])).toMatchObject({ requests: 2, refused: 1 })
  })

  test('reads thousands of rows in their order, also those of one moment', async () => {
    const total = 4500
    await write(Array.from({ length: total }, (_, i) => at('anna', i < 4200 ? 0 : i)))
    const simulation = await one({ user: 'anna' }, [requests(1)])
    expect(simulation).toMatchObject({ requests: total, refused: total - 1 })
    expect(simulation.refusals).toHaveLength(1000)
    const wide = await one({ user: 'anna' }, [requests(total)], {}, 3650)
    expect(wide).toMatchObject({ requests: total, refused: 0 })
  })

  test('is refused for what no limit can be, and for days that are none', async () => {
    const bad: [code: string, act: () => Promise<unknown>][] = [
      ['not_found', () => simulate({ user: 'nobody' }, [requests(1)])],
      ['not_found', () => simulate({ role: 'nothing' }, [requests(1)])],
      ['invalid', () => simulate({ user: 'anna' }, [requests(0)])],
      ['invalid', () => simulate({ user: 'anna' }, [])],
      ['invalid', () => simulate({ user: 'anna' }, [requests(1)], { gateway: 'none' })],
      ['invalid', () => simulate({ user: 'anna' }, [requests(1)], { shared: true })],
      ...[0, -1, 1.5, 3651, Number.NaN].map((days): [string, () => Promise<unknown>] => [
        'invalid',
        () => simulate({ user: 'anna' }, [requests(1)], {}, days),
      ]),
    ]
    for (const [code, act] of bad) expect((await refusalOf(act()))?.code).toBe(code as never)
  })
})
