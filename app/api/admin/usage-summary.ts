import { z } from 'zod'
import type { UsageTotals } from '../../domain/usage-summary.ts'
import type { UsageSummary } from '../../services/usage-summaries.ts'
import { endpoint } from '../endpoint.ts'
import { time, toTime } from '../wire.ts'
import { rangeOf, rangeQuery } from './usage-range.ts'

const DEFAULT_DAYS = 30

const quantiles = z.object({ p50: z.number().nullable(), p95: z.number().nullable() })
const totals = z.object({
  requests: z.int(),
  completed: z.int(),
  cancelled: z.int(),
  failed: z.int(),
  expired: z.int(),
  success_rate: z.number().nullable(),
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  compute_ms: z.number(),
  queue_ms: z.number(),
  cold_loads: z.int(),
  cold_load_ms: z.number(),
  duration_ms: quantiles,
  first_token_ms: quantiles,
})

/** What was used in a range, in all and by gateway, model and day. */
export const summarySchema = z
  .object({
    username: z.string().nullable(),
    from: time,
    until: time,
    time_zone: z.string(),
    total: totals,
    gateways: z.array(totals.extend({ gateway: z.string() })),
    models: z.array(totals.extend({ model: z.string().nullable() })),
    days: z.array(totals.extend({ date: z.string() })),
  })
  .meta({ id: 'UsageSummary' })

/** What a summary is about. */
export const summaryQuery = {
  ...rangeQuery(DEFAULT_DAYS),
  gateway: z.string().max(64).optional(),
  model: z.string().max(256).optional(),
}

/** A summary as it is sent. */
export const summaryView = (summary: UsageSummary): z.infer<typeof summarySchema> => ({
  username: summary.username,
  from: toTime(summary.range.from),
  until: toTime(summary.range.until),
  time_zone: summary.range.zone,
  total: totalsView(summary.total),
  gateways: summary.gateways.map((part) => ({ gateway: part.gateway, ...totalsView(part) })),
  models: summary.models.map((part) => ({ model: part.model, ...totalsView(part) })),
  days: summary.days.map((part) => ({ date: part.date, ...totalsView(part) })),
})

const totalsView = (part: UsageTotals): z.infer<typeof totals> => ({
  requests: part.requests,
  completed: part.completed,
  cancelled: part.cancelled,
  failed: part.failed,
  expired: part.expired,
  success_rate: part.successRate,
  prompt_tokens: part.promptTokens,
  completion_tokens: part.completionTokens,
  compute_ms: part.computeMs,
  queue_ms: part.queueMs,
  cold_loads: part.coldLoads,
  cold_load_ms: part.coldLoadMs,
  duration_ms: part.durationMs,
  first_token_ms: part.firstTokenMs,
})

export const usageSummary = [
  endpoint({
    name: 'usage.summary',
    summary: 'Sum up what somebody or everybody used',
    method: 'GET',
    path: '/admin/usage/summary',
    access: ['usage:read'],
    query: z.strictObject({ ...summaryQuery, username: z.string().max(256).optional() }),
    answer: { status: 200, schema: summarySchema },
    handle: ({ query, services }) => {
      const { username, gateway, model } = query
      return services.usage.summary({
        username,
        gateway,
        model,
        range: rangeOf(query, DEFAULT_DAYS),
      })
    },
    view: summaryView,
  }),
  endpoint({
    name: 'me.usage.summary',
    summary: 'Sum up what oneself used',
    method: 'GET',
    path: '/me/usage/summary',
    access: 'own',
    query: z.strictObject(summaryQuery),
    answer: { status: 200, schema: summarySchema },
    handle: async ({ principal, query, services }) => {
      const { userId, username } = principal
      const range = rangeOf(query, DEFAULT_DAYS)
      const { gateway, model } = query
      return { ...(await services.usage.summary({ userId, gateway, model, range })), username }
    },
    view: summaryView,
  }),
]
