import type { z } from 'zod'
import { GatewayError } from '../errors/gateway-error.ts'

/** One thing that is wrong with what was sent. */
export interface FieldError {
  /** Where it is, with dots between the levels; empty for the whole. */
  readonly field: string
  readonly message: string
}

/** What was sent, as the schema has it. Throws invalid that names every field that is wrong. */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown): T {
  const broken = brokenText(value)
  if (broken) throw invalid([{ field: broken, message: 'has a character that is none' }])
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw invalid(result.error.issues.flatMap(fieldErrors))
}

function invalid(errors: readonly FieldError[]): GatewayError {
  const [first] = errors
  const where = first?.field ? `${first.field}: ` : ''
  return new GatewayError('invalid', `${where}${first?.message ?? 'not valid'}`, {
    problemDetails: { errors },
  })
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: [...path, key].join('.').slice(0, 200),
      message: 'there is no such field',
    }))
  }
  return [{ field: path.join('.'), message: issue.message }]
}

/** The query of a request as an object. Throws invalid for a parameter that is given twice. */
export function queryOf(url: string): Record<string, string> {
  const query = new Map<string, string>()
  for (const [name, value] of new URL(url).searchParams) {
    if (query.has(name)) {
      throw new GatewayError(
        'invalid',
        `the query parameter "${name.slice(0, 100)}" is given twice`,
      )
    }
    query.set(name, value)
  }
  return Object.fromEntries(query)
}

/** Whether a text is one that databases take: without a NUL and without halves of characters. */
export const isText = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** Where in a value there is a text that is none; null when all are. Names of fields are for the schema. */
function brokenText(value: unknown, field = ''): string | null {
  if (typeof value === 'string') return isText(value) ? null : field
  if (typeof value !== 'object' || value === null) return null
  for (const [key, inner] of Object.entries(value)) {
    const found = brokenText(inner, field ? `${field}.${key}` : key)
    if (found !== null) return found.slice(0, 200)
  }
  return null
}
