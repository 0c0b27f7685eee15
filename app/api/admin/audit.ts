import { z } from 'zod'
import type { AuditEntry } from '../../services/audit.ts'
import { OUTCOMES } from '../../services/audit-trail.ts'
import { pageQuery, pageSchema } from '../cursor.ts'
import { endpoint } from '../endpoint.ts'
import { time, timeInput, toTime } from '../wire.ts'

const auditEntrySchema = z
  .object({
    id: z.string(),
    at: time,
    actor: z.string().meta({ description: 'Who: `user:anna`, `cli:root`, `key:ID`, `system`' }),
    address: z.string().nullable(),
    request_id: z.string().nullable(),
    action: z.string(),
    target: z.string(),
    outcome: z.enum(OUTCOMES),
    detail: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What changed, or why it was refused; never a secret' }),
  })
  .meta({ id: 'AuditEntry' })

const auditEntryView = (entry: AuditEntry): z.infer<typeof auditEntrySchema> => ({
  id: entry.id,
  at: toTime(entry.at),
  actor: entry.actor,
  address: entry.address,
  request_id: entry.requestId,
  action: entry.action,
  target: entry.target,
  outcome: entry.outcome,
  detail: { ...entry.detail },
})

const text = z.string().max(200).optional()

export const audit = [
  endpoint({
    name: 'audit.list',
    summary: 'List what was done and what was refused, the newest first',
    method: 'GET',
    path: '/admin/audit',
    access: ['audit:read'],
    query: z.strictObject({
      ...pageQuery,
      actor: text.meta({ description: 'Who did it, such as `user:anna`' }),
      action: text.meta({ description: 'Such as `user.create`, or `user.` for all of that noun' }),
      target: text.meta({ description: 'To whom or what' }),
      outcome: z.enum(OUTCOMES).optional(),
      since: timeInput.optional().meta({ description: 'From that time on' }),
      until: timeInput.optional().meta({ description: 'Before that time' }),
    }),
    answer: { status: 200, schema: pageSchema(auditEntrySchema) },
    handle({ query: { cursor: _, limit: __, ...filter }, services, page }) {
      return page((asked) => services.audit.page({ ...filter, ...asked }), auditEntryView)
    },
    view: (page) => page,
  }),
]
