import { z } from 'zod'
import { limitReportSchema, limitReportView } from '../admin/limit-wire.ts'
import { DEFAULT_DAYS, usageQuery, usageSchema, usageView } from '../admin/usage.ts'
import { rangeOf } from '../admin/usage-range.ts'
import { pageSchema } from '../cursor.ts'
import { endpoint } from '../endpoint.ts'

export const usage = [
  endpoint({
    name: 'me.usage.list',
    summary: 'List what the own requests used, the newest first',
    method: 'GET',
    path: '/me/usage',
    access: 'own',
    query: z.strictObject(usageQuery),
    answer: { status: 200, schema: pageSchema(usageSchema) },
    handle: ({ page, principal: { userId }, query, services }) => {
      const { gateway, model } = query
      const range = rangeOf(query, DEFAULT_DAYS)
      return page(
        (asked) => services.usage.page({ ...asked, userId, gateway, model, range }),
        usageView,
      )
    },
    view: (page) => page,
  }),

  endpoint({
    name: 'me.limit.read',
    summary: 'Show all limits that apply to oneself, and what is left of them',
    method: 'GET',
    path: '/me/limits',
    access: 'own',
    answer: { status: 200, schema: limitReportSchema },
    handle: ({ principal, services }) => services.limits.get({ user: principal.username }),
    view: limitReportView,
  }),
]
