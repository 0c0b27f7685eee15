/** A new row's id: unique, and sorted by the time it was made (UUIDv7, RFC 9562). */
export const newId = (): string => Bun.randomUUIDv7()
