import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { Secret } from './domain/secret.ts'

/** A whole number, written as one or as text. */
export function wholeNumber(min: number, max: number): z.ZodType<number> {
  const error = `must be a whole number from ${min} to ${max}`
  const number = z.int({ error }).min(min, { error }).max(max, { error })
  return z.preprocess((v) => (typeof v === 'string' && /^\d+$/.test(v) ? Number(v) : v), number)
}

const SWITCHES: Record<string, boolean> = {
  true: true,
  yes: true,
  '1': true,
  false: false,
  no: false,
  '0': false,
}
/** A switch: true, yes, 1 or false, no, 0. */
export const onOff = z.preprocess(
  (v) => (typeof v === 'string' ? (SWITCHES[v.toLowerCase()] ?? v) : v),
  z.boolean({ error: 'must be true or false' }),
)

/** One of some words. */
export function oneOf<const T extends readonly [string, ...string[]]>(
  values: T,
): z.ZodType<T[number]> {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` })
}

/** Text that is not empty. */
export const text = z.string({ error: 'must be text' }).min(1, { error: 'must not be empty' })
/** A path, made absolute. */
export const path = text.transform((value) => (isAbsolute(value) ? value : resolve(value)))

/** A list, or text with commas. */
export const listOf = <T>(item: z.ZodType<T>): z.ZodType<T[]> =>
  z.preprocess(
    (v) =>
      typeof v === 'string'
        ? v
            .split(',')
            .map((part) => part.trim())
            .filter(Boolean)
        : v,
    z.array(item, { error: 'must be a list' }),
  )

/** Where a host is: no user, no query. */
export const httpUrl = z
  .string({ error: 'must be text' })
  .refine(isPlainHttpUrl, { error: 'must look like http://host:port' })
  .transform((value) => value.replace(/\/+$/, ''))

function isPlainHttpUrl(value: string): boolean {
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol)) return false
  return !url.username && !url.password && !url.search && !url.hash
}

/** Whether the driver will be able to read it: what it can't, it would print, password and all. */
function isReadableUrl(value: string): boolean {
  const url = URL.parse(value)
  if (!url?.hostname || /\s/.test(value)) return false
  try {
    decodeURIComponent(url.username + url.password + url.pathname)
    return true
  } catch {
    return false
  }
}

/** Text that is never printed. */
export const secretText = text.transform((value) => new Secret(value))

/** Where the database is: a file or a server, in a form that its driver can read. */
export const databaseUrl = secretText
  .refine((url) => /^(sqlite:|postgres(ql)?:\/\/)./.test(url.reveal()), {
    error: 'must begin with sqlite: or postgres://',
  })
  .refine((url) => url.reveal() !== 'sqlite::memory:', { error: 'must name a file' })
  .refine((url) => url.reveal().startsWith('sqlite:') || isReadableUrl(url.reveal()), {
    error: 'must look like postgres://USER:PASSWORD@HOST/NAME, special characters as %XX',
  })
