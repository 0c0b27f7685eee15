import { expect } from 'bun:test'

/** What a refusal says, apart from the request id. */
export interface NativeRefusal {
  readonly status: number
  readonly code: string
  readonly error: string
  /** Which limit it was; only for `limit_reached`, and always then. */
  readonly limit?: Readonly<Record<string, unknown>>
}

/** Reads a refusal of the native API; its shape and its headers are checked on the way. */
export async function readRefusal(response: Response): Promise<NativeRefusal> {
  const text = await response.text()
  expect(text).not.toContain('\n')
  const { request_id, ...refusal } = JSON.parse(text) as NativeRefusal & { request_id: string }
  const isLimit = refusal.status === 429 && refusal.code === 'limit_reached'
  const members = ['code', 'error', ...(isLimit ? ['limit'] : []), 'status']
  expect(Object.keys(refusal).sort()).toEqual(members)
  if (isLimit) expect(refusal.limit).toBeObject()
  expect(refusal.status).toBe(response.status)
  expect(refusal.error).toBeString()
  expect(request_id).toBe(String(response.headers.get('x-request-id')))
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  return refusal
}
