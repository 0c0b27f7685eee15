import type { Db } from '../client.ts'
import { firstIdAt } from '../ids.ts'

/** Removes at most `most` rows of requests that arrived before that time, in epoch ms; returns how many. */
export async function deleteRequestsBefore(db: Db, before: number, most: number): Promise<number> {
  const first = firstIdAt(before)
  const result = await db
    .deleteFrom('requests')
    // Once more, so that partitions of later days are left alone.
    .where('id', '<', first)
    .where('id', 'in', (eb) =>
      eb.selectFrom('requests').select('id').where('id', '<', first).orderBy('id').limit(most),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

/** Removes at most about `most` sums of hours that began before that time, in epoch ms; returns how many. */
export async function deleteHoursBefore(db: Db, before: number, most: number): Promise<number> {
  const last = await db
    .selectFrom('usage_hourly')
    .select('hour')
    .where('hour', '<', before)
    .orderBy('hour')
    .offset(most)
    .limit(1)
    .executeTakeFirst()
  const result = await db
    .deleteFrom('usage_hourly')
    .where('hour', last ? '<=' : '<', last?.hour ?? before)
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
