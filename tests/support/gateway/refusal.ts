import { expect } from 'bun:test'
import type { ErrorCode } from '../../../app/errors/codes.ts'
import type { StreamDialect } from '../../../app/errors/dialect.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'

/** What of an answer is looked at. */
export interface Refused {
  readonly status: number | null
  readonly headers: { get(name: string): string | null | undefined }
  readonly body: string
}

/**
 * Checks that an answer is that refusal, in that dialect, with nothing beside what the dialect has;
 * returns the sentence for the caller.
 */
export function expectRefusal(
  { status, headers, body }: Refused,
  dialect: StreamDialect,
  code: ErrorCode,
): string {
  const message = messageOf(body)
  const expected = new GatewayError(code, message)
  const requestId = headers.get('x-request-id') ?? ''
  expect(requestId).not.toBe('')
  expect([status, JSON.parse(body)]).toEqual([
    expected.status,
    JSON.parse(dialect.body(expected, requestId)),
  ])
  expect(headers.get('content-type')).toBe(dialect.mediaType)
  expect(headers.get('cache-control')).toBe('no-store')
  return message
}

/** The sentence in a refusal, wherever its dialect has it. */
export function messageOf(body: string): string {
  const { error, detail } = JSON.parse(body) as {
    error?: string | { message: string }
    detail?: string
  }
  const message = typeof error === 'object' ? error.message : (error ?? detail)
  expect(message).toBeString()
  return message ?? ''
}
