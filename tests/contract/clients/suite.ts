import { describe, expect, test } from 'bun:test'
import { MODEL, type Stage } from '../../support/gateway/stage.ts'
import type { Client, Session } from './client.ts'
import { describeFailures } from './failure-suite.ts'
import { gathered } from './gathered.ts'
import { answering, MOODS, meaningOf, moodOf } from './moods.ts'
import { CALL, PIXEL, QUESTION, SHAPE, WEATHER } from './questions.ts'
import { THINKER } from './stage.ts'

const ANSWER = `Hello from ${MODEL}, a fake model.`

/** All that is promised to a client, apart from what differs from one to the next. */
export function describeClient(stage: Stage, client: Client): void {
  const { endpoint, cannot, estimate } = client
  const session: Session = client.open({
    url: stage.gateway.url,
    key: stage.user.key,
    retries: 0,
  })
  const lastSent = () => stage.ollama.calls(endpoint).at(-1)?.json()

  describe(client.name, () => {
    test('has an answer in one piece, and learns what it took', async () => {
      expect(await session.ask(QUESTION)).toEqual({
        text: ANSWER,
        thinking: '',
        calls: [],
        promptTokens: 1,
        completionTokens: 7,
      })
    })

    test('has an answer word by word, and learns what it took', async () => {
      const words: string[] = []
      let tokens = 0
      for await (const { text, completionTokens } of session.stream(QUESTION)) {
        if (text) words.push(text)
        tokens = completionTokens || tokens
      }
      expect(words).toEqual(['Hello', ' from', ` ${MODEL},`, ' a', ' fake', ' model.'])
      expect(tokens).toBe(7)
    })

    if (!cannot.tools) {
      test('has tools called, and hands back what they said', async () => {
        const question = { ...QUESTION, tools: [WEATHER] }
        stage.ollama.once(endpoint, answering(moodOf({ calls: [CALL] }), endpoint))
        expect((await session.ask(question)).calls).toEqual([CALL])
        const called = { call: CALL, result: 'rain' }
        expect((await session.ask({ ...question, called })).text).toBe(ANSWER)
        const { name, input } = CALL
        expect(lastSent()).toMatchObject({
          messages: [
            { role: 'user', content: 'hi' },
            { role: 'assistant', tool_calls: [{ function: { name, arguments: input } }] },
            { role: 'tool', content: 'rain' },
          ],
          tools: [{ type: 'function', function: WEATHER }],
        })
      })
    }

    if (!cannot.shapes) {
      test('has an answer of the shape that it asks for', async () => {
        const text = '{"colour":"red"}'
        stage.ollama.once(endpoint, answering(moodOf({ text }), endpoint))
        const told = await session.ask({ ...QUESTION, shape: SHAPE })
        expect(JSON.parse(told.text)).toEqual({ colour: 'red' })
        expect(lastSent()).toMatchObject({ format: SHAPE })
      })
    }

    if (!cannot.thinking) {
      test('sees a model think', async () => {
        const question = { ...QUESTION, model: THINKER, thinks: true }
        expect((await session.ask(question)).thinking).toBe('Let me think.')
        expect((await gathered(session.stream(question))).thinking).toBe('Let me think.')
        expect((lastSent() as { think: unknown }).think).toBeOneOf([true, 'high'])
      })
    }

    if (!cannot.images) {
      test('sends an image', async () => {
        await session.ask({ ...QUESTION, image: PIXEL })
        expect(JSON.stringify(lastSent())).toContain(`"images":["${PIXEL}"]`)
        expect(JSON.stringify(lastSent())).not.toContain('data:')
      })
    }

    if (session.embed) {
      test('makes vectors of texts', async () => {
        const texts = ['Grüße', 'a 🦙']
        const direct = await fetch(`${stage.ollama.url}/api/embed`, {
          method: 'POST',
          body: JSON.stringify({ model: MODEL, input: texts }),
        })
        const { embeddings } = (await direct.json()) as { embeddings: number[][] }
        expect(embeddings).toHaveLength(2)
        expect(await session.embed?.(MODEL, texts)).toEqual(embeddings)
      })
    }

    if (session.models) {
      test('lists models', async () => {
        expect(await session.models?.()).toContainAllValues([
          MODEL,
          THINKER,
          'hf.co/someone/small:Q4_K_M',
        ])
      })
    }

    const bearable = MOODS.filter(({ needs }) => !needs.some((ability) => cannot[ability]))
    test.each(bearable.map((mood) => [mood.name, mood] as const))(
      'understands Ollama in every mood: %s',
      async (_, mood) => {
        const tools = mood.needs.includes('tools') ? { tools: [WEATHER] } : {}
        const question = { ...QUESTION, ...tools }
        const meaning = meaningOf(mood, estimate)
        stage.ollama.once(endpoint, answering(mood, endpoint))
        expect(await session.ask(question)).toEqual(meaning)
        stage.ollama.once(endpoint, answering(mood, endpoint))
        expect(await gathered(session.stream(question))).toEqual(meaning)
      },
    )

    describeFailures(stage, client)
  })
}
