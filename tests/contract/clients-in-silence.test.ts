import { afterAll, describe, expect, test } from 'bun:test'
import type { Step } from '../support/fake-ollama/script.ts'
import { CHAT, MODEL } from '../support/gateway/stage.ts'
import { CLIENTS } from './clients/all.ts'
import { gathered } from './clients/gathered.ts'
import { answering, type Mood, meaningOf } from './clients/moods.ts'
import { QUESTION } from './clients/questions.ts'
import { setClientStage } from './clients/stage.ts'

/** More than twice as long as callers are left without a sign. */
const SILENCE_MS = 2500
/** How long a test may take where much else runs, in ms. */
const PATIENT_MS = 60_000

const stage = await setClientStage({ heartbeatSeconds: 1 })
afterAll(() => stage[Symbol.asyncDispose]())

const slow: Mood = {
  name: 'silence',
  needs: [],
  records: [{ text: 'Grüße' }, { text: ' an alle' }, {}],
  options: { gapMs: SILENCE_MS },
  metrics: { promptTokens: 11, tokens: 4 },
}
const loading: Step = (reply) => reply.until(Bun.sleep(SILENCE_MS))
for (const endpoint of ['/api/chat', '/api/generate'] as const) {
  stage.ollama.on(endpoint, answering(slow, endpoint, loading))
}

describe('an Ollama that is silent before its answer and within it', () => {
  test.concurrent.each(CLIENTS.map((client) => [client.name, client] as const))(
    'is borne by %s, which notices nothing',
    async (_, client) => {
      const session = client.open({ url: stage.gateway.url, key: stage.user.key, retries: 0 })
      const told = await Promise.all([session.ask(QUESTION), gathered(session.stream(QUESTION))])
      expect(told).toEqual([meaningOf(slow), meaningOf(slow)])
    },
    PATIENT_MS,
  )

  test.concurrent.each([
    ['/ollama/api/chat', /"content":""\},"done":false\}\n/],
    ['/openai/v1/chat/completions', /^: keepalive\n\n/m],
    ['/anthropic/v1/messages', /^: keepalive\n\n/m],
  ])(
    'is no reason to keep those who wait at %s in the dark',
    async (path, beat) => {
      const body = { ...CHAT, model: MODEL, stream: true, max_tokens: 100 }
      const answer = await stage.post(path, body, { as: stage.user })
      const [before = '', after = ''] = (await answer.text()).split('Grüße')
      expect(before).toMatch(beat)
      expect(after.split(' an alle')[0]).toMatch(beat)
    },
    PATIENT_MS,
  )
})
