import type { Operation } from '../gateway.ts'
import { refusing } from '../refusing.ts'

const BATCHES = '/v1/messages/batches'

const OF_BATCHES = [
  { name: 'batches', method: 'POST', paths: [BATCHES] },
  { name: 'batches', method: 'GET', paths: [BATCHES, `${BATCHES}/:id`] },
] as const

/** What Anthropic does with many messages at once; nothing is kept here that could be fetched later. */
export const batches: readonly Operation[] = OF_BATCHES.map((operation) =>
  refusing(operation, 'not_implemented', 'batches: not offered here; send each message by itself'),
)
