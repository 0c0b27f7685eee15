/** A new row's id: unique, and sorted by the time it was made (UUIDv7, RFC 9562). */
export const newId = (): string => Bun.randomUUIDv7()

/** The text before which every id sorts that was made earlier than that time, in epoch ms, and no later one. */
export function firstIdAt(ms: number): string {
  const time = hex(Math.min(Math.max(0, Math.floor(ms)), LAST_MS), 12)
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`
}

/** A clock that was put back, and a request that was written under an id of its end. */
const SLACK_MS = 86_400_000

/** Below the id of every request that started at `since` or later, in epoch ms: by a day, as clocks differ. */
export const lowestIdSince = (since: number): string => firstIdAt(since - SLACK_MS)

/** Above the id of every request that started before `until`, in epoch ms: by a day, as clocks differ. */
export const highestIdUntil = (until: number): string => firstIdAt(until + SLACK_MS)

const COUNTER_BITS = 26
/** The last time that an id can tell. */
const LAST_MS = 2 ** 48 - 1
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')

/** 12 hex digits that tell one process from all others. */
export const newNode = (): string => Bun.randomUUIDv7().slice(-12)

/**
 * Makes the ids of one process's requests: UUIDv7 (RFC 9562) of the time that a request arrived, in epoch
 * ms, then a counter, then the process. What a process has counted can so be found in the ledger again.
 */
export function createRequestIds(node: string): (ms: number) => string {
  let counter = 0
  return (ms) => {
    counter = (counter + 1) % 2 ** COUNTER_BITS
    const time = hex(ms, 12)
    const high = hex(counter >>> 14, 3)
    const low = hex(0x8000 | (counter & 0x3fff), 4)
    return `${time.slice(0, 8)}-${time.slice(8)}-7${high}-${low}-${node}`
  }
}
