import { z } from 'zod'
import type { GatewayMetrics } from '../../services/gateway-metrics.ts'
import type { GatewayView } from '../../services/gateway-view.ts'

const common = {
  name: z.string(),
  path: z.string(),
  enabled: z.boolean(),
  default_model: z
    .string()
    .nullable()
    .meta({ description: 'The model of requests that name none' }),
}

/** All gateways, without their aliases. */
export const gatewayListSchema = z.object({
  data: z.array(z.object({ ...common, aliases: z.int() }).meta({ id: 'GatewaySummary' })),
})

export const gatewayListView = (
  gateways: readonly GatewayView[],
): z.infer<typeof gatewayListSchema> => ({
  data: gateways.map((gateway) => ({ ...commonOf(gateway), aliases: gateway.aliases.length })),
})

/** A gateway with its aliases. */
export const gatewaySchema = z
  .object({
    ...common,
    model_mappings: z.array(
      z.object({
        alias: z.string(),
        model: z.string(),
        origin: z
          .enum(['configuration', 'administrator'])
          .meta({ description: 'Who has given it; what the configuration says is removed there' }),
      }),
    ),
  })
  .meta({ id: 'Gateway' })

export const gatewayView = (gateway: GatewayView): z.infer<typeof gatewaySchema> => ({
  ...commonOf(gateway),
  model_mappings: [...gateway.aliases],
})

const commonOf = ({ name, path, enabled, defaultModel }: GatewayView) => ({
  name,
  path,
  enabled,
  default_model: defaultModel,
})

const mean = z.int().nullable().meta({ description: 'In ms; null when there was no request' })

/** What went through a gateway. */
export const metricsSchema = z
  .object({
    gateway: z.string(),
    minutes: z.int(),
    seconds: z
      .int()
      .meta({ description: 'What time it is about; less than asked for where much went through' }),
    requests: z.int(),
    failed: z.int(),
    requests_per_second: z.number(),
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    mean_first_token_ms: mean,
    mean_total_ms: mean,
  })
  .meta({ id: 'GatewayMetrics' })

/** Of the one gateway that was asked for. */
export function metricsView([found]: readonly GatewayMetrics[]): z.infer<typeof metricsSchema> {
  if (!found) throw new Error('nothing is known of the gateway')
  return {
    gateway: found.gateway,
    minutes: found.minutes,
    seconds: found.seconds,
    requests: found.requests,
    failed: found.failed,
    requests_per_second: found.requestsPerSecond,
    prompt_tokens: found.promptTokens,
    completion_tokens: found.completionTokens,
    mean_first_token_ms: found.meanFirstTokenMs,
    mean_total_ms: found.meanTotalMs,
  }
}
