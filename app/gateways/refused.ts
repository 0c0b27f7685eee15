import { z } from 'zod'

/** A field that can't be honoured and changes the answer: it is refused unless it asks for nothing. */
export const refused = (why: string, asksForNothing: (value: unknown) => boolean = () => false) =>
  z
    .unknown()
    .refine((value) => value == null || asksForNothing(value), { error: why })
    .optional()

/** An empty list, object or text. */
export const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
