import { expect } from 'bun:test'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError } from 'ai'
import { aiSdkSession } from './ai-sdk.ts'
import type { Client } from './client.ts'

/** The AI SDK with the provider for those who speak as OpenAI does, pointed at `/openai/v1`. */
export const aiSdkOpenAi: Client = {
  name: 'the AI SDK with @ai-sdk/openai-compatible',
  endpoint: '/api/chat',
  cannot: {},
  estimate: 8,
  thrownFor: ({ status, text }) => ({
    type: status === null ? Error : APICallError,
    like: {
      message: expect.stringContaining(text),
      ...(status !== null && { statusCode: status, isRetryable: status === 429 || status >= 500 }),
    },
  }),
  open({ url, key, retries }) {
    const provider = createOpenAICompatible({
      name: 'parallama',
      baseURL: `${url}/openai/v1`,
      apiKey: key,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })
    const { chatModel: chat, embeddingModel: embedding } = provider
    const thinking = { parallama: { reasoningEffort: 'high' } }
    return aiSdkSession({ chat, embedding, thinking }, retries)
  },
}
