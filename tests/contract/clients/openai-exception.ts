import { expect } from 'bun:test'
import {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import type { Failure, Thrown } from './client.ts'

const TYPES: Readonly<Record<number, Thrown['type']>> = {
  400: BadRequestError,
  401: AuthenticationError,
  404: NotFoundError,
  429: RateLimitError,
}
/** Where OpenAI has a word of its own. */
const CODES: Partial<Record<Failure['code'], string>> = {
  unauthorized: 'invalid_api_key',
  limit_reached: 'rate_limit_exceeded',
}

/** What OpenAI's library throws: a class for each status, and all that the body says. */
export const openAiException = ({ status, code, field, text }: Failure): Thrown => ({
  type: status === null ? APIError : (TYPES[status] ?? InternalServerError),
  like: {
    ...(status !== null && { status }),
    code: CODES[code] ?? code,
    param: field,
    message: expect.stringContaining(text),
  },
})
