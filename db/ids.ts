/** A new row's id: unique, and sorted by the time it was made (UUIDv7, RFC 9562). */
export const newId = (): string => Bun.randomUUIDv7()

/** The text before which every id sorts that was made earlier than that time, in epoch ms, and no later one. */
export function firstIdAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}
