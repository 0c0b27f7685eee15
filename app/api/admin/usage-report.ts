import { z } from 'zod'
import type { ReportLine } from '../../domain/usage-report.ts'
import { requirePeriod } from '../../services/usage-filter.ts'
import type { UsageReport } from '../../services/usage-report.ts'
import { endpoint } from '../endpoint.ts'
import { time, toTime } from '../wire.ts'
import { NAMES, spanQuery } from './usage-range.ts'

const line = z.object({
  name: z.string(),
  requests: z.int(),
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  gpu_hours: z.number().meta({ description: 'For how long hosts were busy' }),
  cold_loads: z.int(),
  cold_load_minutes: z.number(),
  queue_minutes: z.number(),
  kwh: z.number().nullable().meta({ description: 'Null when nobody said what a host draws' }),
  cost: z.number().nullable().meta({ description: 'Null when nothing has a price' }),
})

/** What was used in some time and what it cost, by user, role and model. */
const reportSchema = z
  .object({
    title: z.string(),
    from: time,
    until: time,
    time_zone: z.string(),
    username: z.string().nullable(),
    role: z.string().nullable(),
    gateway: z.string().nullable(),
    currency: z.string().meta({ description: 'Of all costs; empty when none is configured' }),
    made_at: time,
    users: z.array(line.extend({ roles: z.array(z.string()) })),
    roles: z.array(line).meta({ description: 'Who has several roles is counted under each' }),
    models: z.array(line),
    total: line,
  })
  .meta({ id: 'UsageReport' })

const lineView = (of: ReportLine): z.infer<typeof line> => ({
  name: of.name,
  requests: of.requests,
  prompt_tokens: of.promptTokens,
  completion_tokens: of.completionTokens,
  gpu_hours: of.gpuHours,
  cold_loads: of.coldLoads,
  cold_load_minutes: of.coldLoadMinutes,
  queue_minutes: of.queueMinutes,
  kwh: of.kwh,
  cost: of.cost,
})

const reportView = (report: UsageReport): z.infer<typeof reportSchema> => ({
  title: report.title,
  from: toTime(report.from),
  until: toTime(report.until),
  time_zone: report.zone,
  username: report.username,
  role: report.role,
  gateway: report.gateway,
  currency: report.currency,
  made_at: toTime(report.madeAt),
  users: report.users.map((user) => ({ ...lineView(user), roles: [...user.roles] })),
  roles: report.roles.map(lineView),
  models: report.models.map(lineView),
  total: lineView(report.total),
})

export const usageReport = endpoint({
  name: 'usage.report',
  summary: 'Report what users, roles and models used in a month, and what it cost',
  method: 'GET',
  path: '/admin/usage/report',
  access: ['usage:read'],
  query: z.strictObject({
    month: z.string().max(64).optional().meta({
      description: 'Such as 2026-11, in place of from and to; this one when nothing is said',
    }),
    ...spanQuery,
    from: spanQuery.from.meta({ description: 'A date, or a time that is a whole hour of UTC' }),
    to: spanQuery.to.meta({
      description: 'A date, which is the last one, or a time that is a whole hour of UTC',
    }),
    username: z.string().max(256).optional().meta({ description: 'Only this user' }),
    role: z.string().max(256).optional().meta({ description: 'Only users who have this role' }),
    gateway: z.string().max(64).optional(),
  }),
  answer: { status: 200, schema: reportSchema },
  handle: ({ query, services }) => {
    const { month, from, to, time_zone: zone, username, role, gateway } = query
    const period = requirePeriod({ month, from, to, zone }, Date.now(), NAMES)
    return services.usageReports.report({ period, username, role, gateway })
  },
  view: reportView,
})
