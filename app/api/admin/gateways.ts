import { z } from 'zod'
import { MAX_MINUTES } from '../../services/gateway-metrics.ts'
import { endpoint } from '../endpoint.ts'
import { integerInput } from '../wire.ts'
import {
  gatewayListSchema,
  gatewayListView,
  gatewaySchema,
  gatewayView,
  metricsSchema,
  metricsView,
} from './gateway-wire.ts'

const MANAGE = ['gateways:manage'] as const
const DEFAULT_MINUTES = 60

const alias = z
  .string()
  .max(200)
  .meta({ description: 'The name that callers use; `*` is for any text' })
const model = z.string().max(600)

export const gateways = [
  endpoint({
    name: 'gateway.list',
    summary: 'List the gateways',
    method: 'GET',
    path: '/admin/gateways',
    access: MANAGE,
    answer: { status: 200, schema: gatewayListSchema },
    handle: ({ services }) => services.gateways.list(),
    view: gatewayListView,
  }),

  endpoint({
    name: 'gateway.read',
    summary: 'Show a gateway with its aliases of models',
    method: 'GET',
    path: '/admin/gateways/:gateway',
    access: MANAGE,
    answer: { status: 200, schema: gatewaySchema },
    handle: ({ param, services }) => services.gateways.info(param('gateway')),
    view: gatewayView,
  }),

  endpoint({
    name: 'gateway.config',
    summary: 'Switch a gateway on or off, or change its default model; what is left out stays',
    method: 'PATCH',
    path: '/admin/gateways/:gateway',
    access: MANAGE,
    body: z.strictObject({
      enabled: z
        .boolean()
        .nullable()
        .optional()
        .meta({ description: 'Null for what the configuration says' }),
      default_model: model
        .nullable()
        .optional()
        .meta({ description: 'Empty for none; null for that of the configuration' }),
    }),
    answer: { status: 200, schema: gatewaySchema },
    handle: ({ actor, body, param, services }) =>
      services.gateways.configure(actor, param('gateway'), {
        enabled: body.enabled,
        defaultModel: body.default_model,
      }),
    view: gatewayView,
  }),

  endpoint({
    name: 'model.alias',
    summary: 'Make an alias stand for a model, in place of what it stood for',
    method: 'PUT',
    path: '/admin/gateways/:gateway/model-mappings',
    access: MANAGE,
    body: z.strictObject({ alias, model }),
    answer: { status: 200, schema: gatewaySchema },
    handle: ({ actor, body, param, services }) =>
      services.gateways.setAlias(actor, param('gateway'), body.alias, body.model),
    view: gatewayView,
  }),

  endpoint({
    name: 'model.unalias',
    summary: 'Remove an alias; one that the configuration has too stands for its model there again',
    method: 'DELETE',
    path: '/admin/gateways/:gateway/model-mappings',
    access: MANAGE,
    query: z.strictObject({ alias }),
    answer: { status: 200, schema: gatewaySchema },
    handle: ({ actor, param, query, services }) =>
      services.gateways.removeAlias(actor, param('gateway'), query.alias),
    view: gatewayView,
  }),

  endpoint({
    name: 'gateway.metrics',
    summary: 'Show what went through a gateway in the last minutes',
    method: 'GET',
    path: '/admin/gateways/:gateway/metrics',
    access: MANAGE,
    query: z.strictObject({
      minutes: integerInput(1, MAX_MINUTES)
        .default(DEFAULT_MINUTES)
        .meta({ description: `Of how many minutes; ${DEFAULT_MINUTES} when left out` }),
    }),
    answer: { status: 200, schema: metricsSchema },
    handle: ({ param, query, services }) =>
      services.gateways.metrics([param('gateway')], { minutes: query.minutes }),
    view: metricsView,
  }),
]
