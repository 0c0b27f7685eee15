import { expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import { CHAT } from '../../support/gateway/stage.ts'
import { gatherCrowd, requestText, tally } from './crowd.ts'
import { describeEachStore } from './each-store.ts'
import { undisturbed } from './undisturbed.ts'

const REQUESTS = 1000
const OTHERS = 200
const [LIMITED, OTHER] = ['llama3.2:3b', 'mistral:7b']
/** The same model as people write it. */
const SPELLINGS = [
  LIMITED,
  'LLaMA3.2:3b',
  'library/llama3.2:3b',
  'registry.ollama.ai/library/llama3.2:3B',
]
const PATIENT_MS = 60_000

/** Those to the other model are spread among the rest. */
const isForOther = (index: number): boolean => index % ((REQUESTS + OTHERS) / OTHERS) === 0

await describeEachStore('a rule for one model', { models: [LIMITED, OTHER] }, (setting) => {
  test(
    'admits exactly 100 of 1,000 parallel requests to it, and all that go to another',
    async () => {
      const { ollama, replicas } = setting()
      await undisturbed(replicas, async () => {
        const user = await replicas.user()
        const amounts = [{ unit: 'requests', window: 'day', amount: 100 }] as const
        const rule = { gateway: 'ollama', model: LIMITED, amounts }
        await replicas.admin.limits.set(TESTER, { user: user.username }, rule)
        const before = ollama.calls('/api/chat').length
        using crowd = await gatherCrowd(replicas.ports, REQUESTS + OTHERS)
        const statuses = await crowd.ask((i) => {
          const model = isForOther(i) ? OTHER : SPELLINGS[i % SPELLINGS.length]
          return requestText(user, '/ollama/api/chat', { ...CHAT, model })
        })
        const of = (other: boolean) => tally(statuses.filter((_, i) => isForOther(i) === other))
        expect(of(false)).toEqual({ 200: 100, 429: 900 })
        expect(of(true)).toEqual({ 200: OTHERS })
        const asked = (model: string): number =>
          ollama
            .calls('/api/chat')
            .slice(before)
            .filter((request) => request.model?.endsWith(`/${model}`)).length
        expect([asked(LIMITED), asked(OTHER)]).toEqual([100, OTHERS])
      })
    },
    PATIENT_MS,
  )
})
