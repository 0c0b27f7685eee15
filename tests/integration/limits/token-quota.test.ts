import { expect, test } from 'bun:test'
import { reservePromptTokens } from '../../../app/domain/usage.ts'
import { TESTER } from '../../support/builders.ts'
import { chatRecords } from '../../support/fake-ollama/records.ts'
import { stream } from '../../support/fake-ollama/script.ts'
import { ledgerOf } from '../../support/gateway/ledger.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, MODEL } from '../../support/gateway/stage.ts'
import { gatherCrowd, requestText, tally } from './crowd.ts'
import { describeEachStore, type Setting } from './each-store.ts'
import { undisturbed } from './undisturbed.ts'
import { until } from './until.ts'

const QUOTA = 10_000
const DAY_MS = 86_400_000
const REQUESTS = 50
/** A prompt of 90 tokens and an answer of 900. */
const PROMPT = 'word '.repeat(90)
const ANSWER = 'word '.repeat(900)
/** What is set aside for the prompt, and what is asked of a limit at least. */
const PROMPT_TOKENS = reservePromptTokens(PROMPT.length)
const LEAST_TOKENS = PROMPT_TOKENS + 16
const PATIENT_MS = 120_000

const ASKING = {
  'that say how long the answer may be': { options: { num_predict: 900 } },
  'that want a longer answer than the model gives': { options: { num_predict: 2000 } },
  'that leave the length of the answer open': {},
}

async function limitedUser({ replicas }: Setting): Promise<TestUser> {
  const user = await replicas.user()
  const amounts = [{ unit: 'tokens', window: 'day', amount: QUOTA }] as const
  const rule = { gateway: 'ollama', amounts }
  await replicas.admin.limits.set(TESTER, { user: user.username }, rule)
  return user
}

/** Who has used how many tokens, by the ledger. */
async function tokensOf({ replicas }: Setting, user: TestUser): Promise<number> {
  const rows = await ledgerOf(replicas.store.db, user.id)
  return rows.reduce((sum, row) => sum + row.prompt_tokens + row.completion_tokens, 0)
}

await describeEachStore('10,000 tokens a day', { answer: () => ANSWER }, (setting) => {
  /** Sends 50 chats at once, half of them streamed, until none gets in; how many did. */
  async function useUp(user: TestUser, more: object): Promise<number> {
    const { replicas } = setting()
    const chat = { model: MODEL, messages: [{ role: 'user', content: PROMPT }], ...more }
    const requests = [true, false].map((stream) =>
      requestText(user, '/ollama/api/chat', { ...chat, stream }),
    )
    using crowd = await gatherCrowd(replicas.ports, REQUESTS)
    let total = 0
    for (let admitted = 1; admitted > 0; total += admitted) {
      const answers = tally(await crowd.ask((i) => requests[i % requests.length] ?? ''))
      admitted = answers[200] ?? 0
      expect(answers[429]).toBe(REQUESTS - admitted)
      await setting().view.released(`user:${user.id}`)
    }
    return total
  }

  test.each(Object.entries(ASKING))(
    'are used up to the last by 50 parallel requests of 1,000 tokens %s, and not exceeded',
    async (_, more) => {
      const { ollama, replicas, view } = setting()
      await undisturbed(replicas, async () => {
        const user = await limitedUser(setting())
        const before = ollama.ledger.length
        const startedAt = await view.now()
        const admitted = await useUp(user, more)
        const refilled = Math.floor((((await view.now()) - startedAt) * QUOTA) / DAY_MS)

        const tokens = await tokensOf(setting(), user)
        expect(tokens).toBeLessThanOrEqual(QUOTA + refilled)
        expect(tokens).toBeGreaterThan(QUOTA - LEAST_TOKENS)
        const truth = ollama.ledger
          .slice(before)
          .filter(({ request }) => request.path === '/api/chat')
        expect(truth).toHaveLength(admitted)
        const told = truth.map((entry) => (entry.promptEvalCount ?? 0) + (entry.evalCount ?? 0))
        expect(tokens).toBe(told.reduce((a, b) => a + b))
        await until(async () => {
          const bucket = (await view.buckets(`user:${user.id}`))['all ollama * tokens day']
          return bucket?.held === 0 && bucket.used >= tokens - refilled - 1
        })
      })
    },
    PATIENT_MS,
  )

  test('are exceeded by no more than the last prompt was longer than it looked', async () => {
    const { ollama, replicas, view } = setting()
    const user = await limitedUser(setting())
    const promptTokens = 500
    const error = promptTokens - reservePromptTokens('hi'.length)
    const stop = ollama.on('/api/chat', stream(chatRecords(MODEL, ['Hi'], { promptTokens })))
    using crowd = await gatherCrowd(replicas.ports, 1)
    const startedAt = await view.now()
    const request = requestText(user, '/ollama/api/chat', { ...CHAT, options: { num_predict: 2 } })
    let admitted = 0
    while ((await crowd.ask(() => request))[0] === 200) {
      admitted++
      await view.released(`user:${user.id}`)
    }
    stop()
    const refilled = Math.floor((((await view.now()) - startedAt) * QUOTA) / DAY_MS)
    const tokens = await tokensOf(setting(), user)
    expect(tokens).toBe(admitted * (promptTokens + 2))
    expect(tokens).toBeWithin(QUOTA - LEAST_TOKENS, QUOTA + error + refilled + 1)
  })
})
