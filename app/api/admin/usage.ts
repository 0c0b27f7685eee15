import { z } from 'zod'
import type { NamedUsage } from '../../services/usage.ts'
import { pageQuery, pageSchema } from '../cursor.ts'
import { endpoint } from '../endpoint.ts'
import { time, toTime } from '../wire.ts'
import { rangeOf, rangeQuery } from './usage-range.ts'

/** Of how many days a list is that says nothing else. */
export const DEFAULT_DAYS = 7

const ms = z.number()

/** What one request used, never what was said in it. */
export const usageSchema = z
  .object({
    id: z.string(),
    request_id: z.string(),
    username: z.string(),
    key_id: z.string(),
    gateway: z.string(),
    operation: z.string(),
    model: z.string().nullable(),
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    estimated: z.boolean().meta({ description: 'Whether the tokens were guessed' }),
    queue_ms: ms,
    load_ms: ms,
    compute_ms: ms,
    first_token_ms: ms.nullable(),
    total_ms: ms,
    status: z.int(),
    outcome: z.enum(['completed', 'cancelled', 'failed', 'expired']),
    error_code: z.string().nullable(),
    started_at: time,
    ended_at: time,
  })
  .meta({ id: 'Usage' })

/** A row of the ledger as it is sent; the host that did the work is nobody's business. */
export const usageView = (usage: NamedUsage): z.infer<typeof usageSchema> => ({
  id: usage.id,
  request_id: usage.requestId,
  username: usage.username,
  key_id: usage.keyId,
  gateway: usage.gateway,
  operation: usage.operation,
  model: usage.model,
  prompt_tokens: usage.promptTokens,
  completion_tokens: usage.completionTokens,
  estimated: usage.estimated,
  queue_ms: usage.queueMs,
  load_ms: usage.loadMs,
  compute_ms: usage.computeMs,
  first_token_ms: usage.firstTokenMs,
  total_ms: usage.totalMs,
  status: usage.status,
  outcome: usage.outcome,
  error_code: usage.errorCode,
  started_at: toTime(usage.startedAt),
  ended_at: toTime(usage.endedAt),
})

/** Which requests a list of usage shows. */
export const usageQuery = {
  ...pageQuery,
  ...rangeQuery(DEFAULT_DAYS),
  gateway: z.string().max(64).optional(),
  model: z.string().max(256).optional().meta({ description: 'In any spelling of its name' }),
}

export const usage = [
  endpoint({
    name: 'usage.list',
    summary: 'List what requests used, the newest first',
    method: 'GET',
    path: '/admin/usage',
    access: ['usage:read'],
    query: z.strictObject({
      ...usageQuery,
      username: z.string().max(256).optional().meta({ description: 'Only those of this user' }),
    }),
    answer: { status: 200, schema: pageSchema(usageSchema) },
    handle: ({ query, services, page }) => {
      const { username, gateway, model } = query
      const range = rangeOf(query, DEFAULT_DAYS)
      return page(
        (asked) => services.usage.page({ ...asked, username, gateway, model, range }),
        usageView,
      )
    },
    view: (page) => page,
  }),
]
