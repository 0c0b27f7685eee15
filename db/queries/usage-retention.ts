import type { Db } from '../client.ts'
import { firstIdAt } from '../ids.ts'

/** Removes at most `most` rows of requests that arrived before that time, in epoch ms; returns how many. */
export async function deleteRequestsBefore(db: Db, before: number, most: number): Promise<number> {
  const result = await db
    .deleteFrom('requests')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('requests')
        .select('id')
        .where('id', '<', firstIdAt(before))
        .orderBy('id')
        .limit(most),
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
