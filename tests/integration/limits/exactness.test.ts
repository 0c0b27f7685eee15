import { expect, test } from 'bun:test'
import type { Window } from '../../../app/domain/limit.ts'
import type { Allotment } from '../../../app/services/limit-proposal.ts'
import { findRole } from '../../../db/queries/roles.ts'
import { TESTER } from '../../support/builders.ts'
import { ledgerOf } from '../../support/gateway/ledger.ts'
import { CHAT } from '../../support/gateway/stage.ts'
import { gatherCrowd, requestText, tally } from './crowd.ts'
import { describeEachStore } from './each-store.ts'
import type { Replicas } from './replicas.ts'
import { undisturbed } from './undisturbed.ts'
import { until } from './until.ts'

const REQUESTS = 1000
const RUNS = 20
const MINUTE_MS = 60_000
/** How long a test may take where much else runs, in ms. */
const PATIENT_MS = 120_000

const requests = (amount: number, window: Window): Allotment => ({
  unit: 'requests',
  window,
  amount,
})

/** Someone new with these limits, and what they send. */
async function limited(
  { user, admin }: Replicas,
  amounts: readonly Allotment[],
  { body = CHAT, roles = ['basic'] }: { body?: object; roles?: readonly string[] } = {},
) {
  const who = await user({ roles })
  await admin.limits.set(TESTER, { user: who.username }, { gateway: 'ollama', amounts })
  return { ...who, request: requestText(who, '/ollama/api/chat', body) }
}

await describeEachStore('1,000 parallel requests', {}, (setting) => {
  test(
    'get in exactly 100 times where 100 a day are allowed, in each of 20 runs',
    async () => {
      const { ollama, replicas } = setting()
      using crowd = await gatherCrowd(replicas.ports, REQUESTS)
      const runs = []
      const run = async () => {
        const { id, request } = await limited(replicas, [requests(100, 'day')])
        const before = ollama.calls('/api/chat').length
        return {
          answers: tally(await crowd.ask(() => request)),
          asked: ollama.calls('/api/chat').length - before,
          accounted: (await ledgerOf(replicas.store.db, id)).length,
        }
      }
      while (runs.length < RUNS) runs.push(await undisturbed(replicas, run))
      const exact = { answers: { 200: 100, 429: 900 }, asked: 100, accounted: 100 }
      expect(runs).toEqual(Array(RUNS).fill(exact))
    },
    PATIENT_MS,
  )

  test(
    'get in as often as a minute allows and once for each whole unit that refills meanwhile',
    async () => {
      const { replicas, view } = setting()
      using crowd = await gatherCrowd(replicas.ports, REQUESTS)
      const amount = 300
      const refilled = (ms: number): number => Math.floor((ms * amount) / MINUTE_MS)
      await undisturbed(replicas, async () => {
        const { request } = await limited(replicas, [requests(amount, 'minute')])
        const ask = async (): Promise<number> => tally(await crowd.ask(() => request))[200] ?? 0

        const startedAt = await view.now()
        let admitted = await ask()
        const spentAt = await view.now()
        let askedAt = spentAt
        while (refilled(askedAt - spentAt) < 3) {
          admitted += await ask()
          askedAt = await view.now()
        }
        // Until one is refused, which says that nothing is left over.
        for (let more = REQUESTS; more === REQUESTS; admitted += more) more = await ask()
        const endedAt = await view.now()

        expect(admitted).toBeGreaterThanOrEqual(amount + refilled(askedAt - spentAt))
        expect(admitted).toBeLessThanOrEqual(amount + refilled(endedAt - startedAt))
      })
    },
    PATIENT_MS,
  )

  test(
    'take nothing from any limit where another limit refuses them',
    async () => {
      const { replicas, view } = setting()
      using crowd = await gatherCrowd(replicas.ports, REQUESTS)
      await undisturbed(replicas, async () => {
        const role = await replicas.role({})
        const roleId = (await findRole(replicas.store.db, role))?.id
        const shared = { gateway: '*', shared: true, amounts: [requests(900, 'day')] }
        await replicas.admin.limits.set(TESTER, { role }, shared)
        const amounts = [
          requests(10, 'day'),
          requests(100, 'hour'),
          { unit: 'tokens', window: 'day', amount: 8640 },
          { unit: 'concurrent-requests', window: 'now', amount: 500 },
        ] as const
        const body = { ...CHAT, options: { num_predict: 16 } }
        const { id, request } = await limited(replicas, amounts, { body, roles: [role] })
        expect(tally(await crowd.ask(() => request))).toEqual({ 200: 10, 429: 990 })

        const rows = await ledgerOf(replicas.store.db, id)
        const tokens = rows.reduce((sum, row) => sum + row.prompt_tokens + row.completion_tokens, 0)
        const expected = {
          'all ollama * requests day': { used: 10, held: 0 },
          'all ollama * requests hour': { used: 10, held: 0 },
          'all ollama * tokens day': { used: tokens, held: 0 },
          'all * * requests day': { used: 10, held: 0 },
        }
        const found = async () => ({
          ...(await view.buckets(`user:${id}`)),
          ...(await view.buckets(`role:${roleId}`)),
        })
        await until(
          async () => Bun.deepEquals(await found(), expected),
          async () => JSON.stringify(await found()),
        )
      })
    },
    PATIENT_MS,
  )
})
