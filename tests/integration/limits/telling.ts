import type { Limit } from '../../../app/domain/limit.ts'
import type { Decision } from '../../../app/limits/limiter.ts'
import type { Judgement } from './oracle.ts'

/** A bucket's name among all. */
export const nameOf = ({ holder, bucket }: Limit): string => `${holder} ${bucket}`

/** What a decision says, of which the limits themselves are known. */
export const told = ({ reservation, states }: Judgement | Decision): unknown => ({
  reservation,
  states: states.map(({ bucket, fitted }) => ({ bucket, fitted })),
})

/** Until Redis has rebuilt its buckets nothing else may come in between. */
export const finished = (answer: Promise<unknown>): Promise<unknown> => answer.catch(() => {})
