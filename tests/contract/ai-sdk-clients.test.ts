import { afterAll, expect, test } from 'bun:test'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, jsonSchema, stepCountIs, tool } from 'ai'
import { createOllama } from 'ollama-ai-provider-v2'
import { aiSdkOllama } from './clients/ai-sdk-ollama.ts'
import { aiSdkOpenAi } from './clients/ai-sdk-openai.ts'
import { answering, moodOf } from './clients/moods.ts'
import { CALL, QUESTION, WEATHER } from './clients/questions.ts'
import { setClientStage } from './clients/stage.ts'
import { describeClient } from './clients/suite.ts'

const stage = await setClientStage()
afterAll(() => stage[Symbol.asyncDispose]())

describeClient(stage, aiSdkOpenAi)
describeClient(stage, aiSdkOllama)

const { url } = stage.gateway
const authorization = `Bearer ${stage.user.key}`

test.each([
  [
    '@ai-sdk/openai-compatible',
    createOpenAICompatible({
      name: 'parallama',
      baseURL: `${url}/openai/v1`,
      apiKey: stage.user.key,
    }),
  ],
  [
    'ollama-ai-provider-v2',
    createOllama({ baseURL: `${url}/ollama/api`, headers: { authorization } }),
  ],
])('the AI SDK with %s runs a tool by itself, and goes on with what it said', async (_, model) => {
  stage.ollama.once('/api/chat', answering(moodOf({ calls: [CALL] }), '/api/chat'))
  stage.ollama.once('/api/chat', answering(moodOf({ text: 'It rains.' }), '/api/chat'))
  const { description, parameters } = WEATHER
  const asked: unknown[] = []
  const { text, steps } = await generateText({
    model: model(QUESTION.model),
    prompt: QUESTION.text,
    stopWhen: stepCountIs(3),
    tools: {
      weather: tool({
        description,
        inputSchema: jsonSchema(parameters),
        execute: async (input) => {
          asked.push(input)
          return 'rain'
        },
      }),
    },
  })
  expect([text, steps.length, asked]).toEqual(['It rains.', 2, [CALL.input]])
  expect(stage.ollama.calls('/api/chat').at(-1)?.json()).toMatchObject({
    messages: [{}, { role: 'assistant' }, { role: 'tool', content: 'rain' }],
  })
})
