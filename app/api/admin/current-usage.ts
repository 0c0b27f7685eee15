import { z } from 'zod'
import type { GatewayUsage, WindowUsage } from '../../services/current-usage.ts'
import { endpoint } from '../endpoint.ts'

const amount = z.number()
const window = z.object({
  total_tokens: amount,
  total_requests: amount,
  remaining_tokens: amount.nullable(),
  remaining_requests: amount.nullable(),
})

/** By gateway, under the names that the predecessor had. */
const currentUsageSchema = z
  .record(z.string(), z.object({ today: window, current_hour: window }))
  .meta({ id: 'CurrentUsage' })

const windowView = (usage: WindowUsage): z.infer<typeof window> => ({
  total_tokens: usage.totalTokens,
  total_requests: usage.totalRequests,
  remaining_tokens: usage.remainingTokens,
  remaining_requests: usage.remainingRequests,
})

const currentUsageView = (gateways: readonly GatewayUsage[]): z.infer<typeof currentUsageSchema> =>
  Object.fromEntries(
    gateways.map(({ gateway, today, currentHour }) => [
      gateway,
      { today: windowView(today), current_hour: windowView(currentHour) },
    ]),
  )

export const currentUsage = [
  endpoint({
    name: 'usage.current',
    summary: 'Show what somebody or everybody used today and in this hour, and what is left',
    method: 'GET',
    path: '/admin/usage/current',
    access: ['usage:read'],
    query: z.strictObject({ username: z.string().max(256).optional() }),
    answer: { status: 200, schema: currentUsageSchema },
    handle: ({ query: { username }, services }) => services.currentUsage(username),
    view: currentUsageView,
  }),
  endpoint({
    name: 'me.usage.current',
    summary: 'Show what oneself used today and in this hour, and what is left',
    method: 'GET',
    path: '/me/usage/current',
    access: 'own',
    answer: { status: 200, schema: currentUsageSchema },
    handle: ({ principal, services }) => services.currentUsage(principal.username),
    view: currentUsageView,
  }),
]
