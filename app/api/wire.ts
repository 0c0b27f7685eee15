import { z } from 'zod'

/** A time as it is sent: RFC 3339, in UTC, with ms. */
export const time = z.iso.datetime().meta({ description: 'RFC 3339, in UTC' })

/** A time or null. */
export const optionalTime = time.nullable()

/** A time in epoch ms as it is sent. */
export const toTime = (ms: number): string => new Date(ms).toISOString()

export const toOptionalTime = (ms: number | null): string | null =>
  ms === null ? null : toTime(ms)

/** A time that a caller gives, as epoch ms; with an offset, because local time means nothing here. */
export const timeInput = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2030-01-31T12:00:00Z' })
  .transform((text) => Date.parse(text))

/** A time in the future that a caller gives. */
export const futureInput = timeInput.refine((ms) => ms > Date.now(), {
  error: 'must be in the future',
})

type Override = NonNullable<Exclude<z.core.GlobalMeta['override'], boolean>>

/** What a query can only send as text, as the OpenAPI document tells it. */
const asSent =
  (schema: object): Override =>
  ({ jsonSchema }) => {
    delete jsonSchema.pattern
    delete jsonSchema.enum
    Object.assign(jsonSchema, schema)
  }

/** A whole number in a query; a number to who reads the OpenAPI document. */
export function integerInput(minimum: number, maximum: number) {
  const error = `must be a whole number from ${minimum} to ${maximum}`
  return z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .transform(Number)
    .pipe(z.int().min(minimum, { error }).max(maximum, { error }))
    .meta({ override: asSent({ type: 'integer', minimum, maximum }) })
}

/** `true` or `false` in a query. */
export const flagInput = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((text) => text === 'true')
  .meta({ override: asSent({ type: 'boolean' }) })
