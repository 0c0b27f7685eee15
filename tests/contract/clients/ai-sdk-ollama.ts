import { expect } from 'bun:test'
import { APICallError } from 'ai'
import { createOllama } from 'ollama-ai-provider-v2'
import { aiSdkSession } from './ai-sdk.ts'
import type { Client } from './client.ts'

/** The AI SDK with the provider for Ollama, pointed at `/ollama/api`. */
export const aiSdkOllama: Client = {
  name: 'the AI SDK with ollama-ai-provider-v2',
  endpoint: '/api/chat',
  cannot: {
    'text in the final record': 'ends the text before it reads what the record says',
    'failures in mid-stream': 'passes over a record that is no answer',
  },
  // It looks for texts where OpenAI has them, and shows the name of the status instead.
  thrownFor: ({ status, text }) => ({
    type: APICallError,
    like: { statusCode: status, responseBody: expect.stringContaining(text) },
  }),
  open({ url, key, retries }) {
    const provider = createOllama({
      baseURL: `${url}/ollama/api`,
      headers: { authorization: `Bearer ${key}` },
    })
    const thinking = { ollama: { think: true } }
    return aiSdkSession({ chat: provider, embedding: provider.embedding, thinking }, retries)
  },
}
