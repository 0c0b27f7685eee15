import { isIP } from 'node:net'
import { isAbsolute, resolve } from 'node:path'
import { closest } from 'fastest-levenshtein'
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

/** What YAML has nothing behind was not given. */
export const optional = <T>(schema: z.ZodType<T>): z.ZodType<T | undefined> =>
  z.preprocess((v) => v ?? undefined, schema.optional())

/** For what stands under none of the known keys. */
export const unknownKey = (known: readonly string[]) =>
  z.custom<never>(() => false, {
    error: ({ path }) =>
      `stands under an unknown key; the nearest known key is ${closest(String(path?.at(-1)), [...known])}`,
  })

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

/** Where a web page comes from, as browsers write it in `Origin`; or `*`. */
export const webOrigin = z
  .string({ error: 'must be text' })
  .refine((value) => value === '*' || (isPlainHttpUrl(value) && new URL(value).origin === value), {
    error: 'must look like https://host, without a path, or be *',
  })

/** An IP address, or a block of them in the CIDR notation. */
export const addressBlock = z.string({ error: 'must be text' }).refine(isAddressBlock, {
  error: ({ input }) =>
    `must be IP addresses or blocks such as 10.0.0.0/8, which ${JSON.stringify(input)} is not`,
})

function isAddressBlock(value: string): boolean {
  const [, address = '', prefix] = /^([\da-f:.]+)(?:\/(\d{1,3}))?$/i.exec(value) ?? []
  const version = isIP(address)
  return version !== 0 && Number(prefix ?? 0) <= (version === 4 ? 32 : 128)
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

/** Where Redis is, in a form that its client can read. */
export const redisUrl = secretText.refine(
  (url) => /^rediss?:\/\//.test(url.reveal()) && isReadableUrl(url.reveal()),
  { error: 'must look like redis://HOST:PORT or rediss://USER:PASSWORD@HOST:PORT' },
)

/** Where the database is: a file or a server, in a form that its driver can read. */
export const databaseUrl = secretText
  .refine((url) => /^(sqlite:|postgres(ql)?:\/\/)./.test(url.reveal()), {
    error: 'must begin with sqlite: or postgres://',
  })
  .refine((url) => url.reveal() !== 'sqlite::memory:', { error: 'must name a file' })
  .refine((url) => url.reveal().startsWith('sqlite:') || isReadableUrl(url.reveal()), {
    error: 'must look like postgres://USER:PASSWORD@HOST/NAME, special characters as %XX',
  })
