import type { Db } from '../../db/client.ts'
import { isModelEver, modelsEver } from '../../db/queries/usage-sums.ts'
import { findUsersEver, type UserRow } from '../../db/queries/users.ts'
import { type DateRange, type RangeWords, readRange } from '../domain/date-range.ts'
import { parseModelName } from '../domain/model-name.ts'
import { nearest } from '../domain/nearest.ts'
import { type PeriodWords, type ReportPeriod, readPeriod } from '../domain/report-period.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** The user who has the name, else the last who had it. Throws not_found. */
export async function requireUserEver(db: Db, username: string): Promise<UserRow> {
  const named = await findUsersEver(db, username.toLowerCase())
  const user = named.find(({ deleted_at }) => deleted_at === null) ?? named[0]
  if (!user) throw new GatewayError('not_found', `there is no user "${username}"`)
  return user
}

/** A name that can be no model's is looked for as it is, and not found. */
const canonicalModel = (model: string | undefined): string | undefined =>
  model && (parseModelName(model)?.canonical ?? model)

/**
 * The name as the ledger has it. Throws not_found, with the nearest, for a model that never appeared in it;
 * before any has, every name will do.
 */
export async function requireModelEver(
  db: Db,
  model: string | undefined,
): Promise<string | undefined> {
  const name = canonicalModel(model)
  if (name === undefined) return undefined
  // Models are listed only where one was mistyped: that reads all hours there are.
  if (name !== '' && (await isModelEver(db, name))) return name
  const models = await modelsEver(db)
  if (models.length === 0) return name
  const guess = nearest(name, models)
  throw new GatewayError(
    'not_found',
    `no request ever asked for a model "${model}"${guess ? `, did you mean ${guess}?` : ''}`,
  )
}

/** The same for a report on everybody. Whoever asks about themselves is not told what others asked for. */
export const modelFor = async (
  db: Db,
  { userId, model }: { readonly userId?: string | undefined; readonly model?: string | undefined },
): Promise<string | undefined> =>
  userId === undefined ? await requireModelEver(db, model) : canonicalModel(model)

/** The range that is meant. Throws invalid, naming what is wrong as `names` has it. */
export function requireRange(
  words: RangeWords,
  now: number,
  defaultDays: number,
  names: Names = {},
): DateRange {
  const read = readRange(words, now, defaultDays)
  if (!read.mistake) return read.range
  throw refusal(read.mistake, names)
}

/** The time that a report is meant to be about. Throws as `requireRange` does. */
export function requirePeriod(words: PeriodWords, now: number, names: Names = {}): ReportPeriod {
  const read = readPeriod(words, now)
  if (!read.mistake) return read.period
  throw refusal(read.mistake, names)
}

type Names = Partial<Record<string, string>>

const refusal = (
  { field, message }: { readonly field: string; readonly message: string },
  names: Names,
): GatewayError => new GatewayError('invalid', `${names[field] ?? field}: ${message}`)
