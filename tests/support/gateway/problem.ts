import { expect } from 'bun:test'
import { z } from 'zod'
import { CODES, type ErrorCode } from '../../../app/errors/codes.ts'

/** Problem details as RFC 9457 has them, with the members of our own and no others. */
const problemSchema = z.strictObject({
  type: z.union([z.literal('about:blank'), z.url()]),
  title: z.string().min(1),
  status: z.int().min(400).max(599),
  detail: z.string().min(1),
  code: z.string().refine((code) => Object.hasOwn(CODES, code)),
  request_id: z.string().regex(/^[\w-]{1,64}$/),
  errors: z
    .array(z.strictObject({ field: z.string().max(200), message: z.string().min(1) }))
    .min(1)
    .optional(),
})

/** What a refusal of our own API says, apart from the request id. */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors?: readonly { readonly field: string; readonly message: string }[] | undefined
}

/** Reads problem details; their form and their headers are checked on the way. */
export async function readProblem(response: Response): Promise<Problem> {
  const text = await response.text()
  return checkProblem(response.status, response.headers, text)
}

/** The same for an answer that was read by other means. */
export function checkProblem(status: number | null, headers: Readable, text: string): Problem {
  expect(headers.get('content-type')).toBe('application/problem+json')
  checkApiHeaders(headers)
  const { request_id, title, type, ...problem } = problemSchema.parse(JSON.parse(text))
  expect(problem.status).toBe(status ?? 0)
  expect(title).toBe(CODES[problem.code as ErrorCode].title)
  expect(request_id).toBe(headers.get('x-request-id') ?? '')
  expect(text).not.toMatch(/\n|\bat .*\.ts:|node_modules|select |insert |plk_\w{20}/i)
  return problem
}

interface Readable {
  get(name: string): string | null | undefined
}

/** What every answer of our own API carries, good or bad. */
export function checkApiHeaders(headers: Readable): void {
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
  expect(headers.get('x-frame-options')).toBe('DENY')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(headers.get('x-request-id')).toMatch(/^[\w-]{1,64}$/)
  for (const name of ['server', 'x-powered-by', 'access-control-allow-origin']) {
    expect([name, headers.get(name) ?? null]).toEqual([name, null])
  }
}
