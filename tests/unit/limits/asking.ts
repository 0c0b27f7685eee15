import type { Bucket } from '../../../app/domain/bucket.ts'
import { type Amounts, type Limit, NOTHING } from '../../../app/domain/limit.ts'
import type { Decision, Limiter, Reservation } from '../../../app/limits/limiter.ts'
import { limitOf, needing } from './limit-states.ts'

let ids = 0

/** Requests that ask a limiter; each needs one of everything unless told otherwise. */
export function asking(limiter: Pick<Limiter, 'admit'>) {
  const decided = (limits: readonly Limit[], demands = needing()): Promise<Decision> =>
    limiter.admit({ id: `asking-${ids++}`, limits, demands })

  return {
    decided,
    /** What it was given, or null for a refusal. */
    async admit(...args: Parameters<typeof decided>): Promise<Reservation | null> {
      return (await decided(...args)).reservation
    },
    /** What it was given. Throws for a refusal. */
    async admitted(...args: Parameters<typeof decided>): Promise<Reservation> {
      const { reservation } = await decided(...args)
      if (!reservation) throw new Error('refused')
      return reservation
    },
    /** What is in a bucket now: nobody is let in by a limit that is smaller than what is asked. */
    async bucketOf(limit: Limit): Promise<Bucket | undefined> {
      const never = limitOf({ amount: 1, model: 'never' })
      const { states } = await decided([limit, never], needing({ requests: 2, tokens: 0 }))
      return states[0]?.bucket
    },
  }
}

/** What a request used: itself, and nothing else unless told otherwise. */
export const used = (change: Partial<Amounts> = {}): Amounts => ({
  ...NOTHING,
  requests: 1,
  ...change,
})
