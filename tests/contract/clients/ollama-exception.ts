import { expect } from 'bun:test'
import type { Failure, Thrown } from './client.ts'

/** What Ollama's library throws: the status and the text, and in mid-stream the text alone. */
export const ollamaException = ({ status, text }: Failure): Thrown => ({
  type: Error,
  like: {
    message: expect.stringContaining(text),
    ...(status !== null && { name: 'ResponseError', status_code: status }),
  },
})
