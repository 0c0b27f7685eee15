import { z } from 'zod'
import type { RuleSelection } from '../../services/limit-rules.ts'
import { endpoint } from '../endpoint.ts'
import { flagInput } from '../wire.ts'
import {
  isOneSubject,
  limitReportSchema,
  limitReportView,
  oneSubject,
  placeInput,
  proposalInput,
  ruleSchema,
  ruleView,
  simulationSchema,
  simulationView,
  subjectFields,
  subjectInput,
  toProposal,
  toSubject,
} from './limit-wire.ts'

const MANAGE = ['limits:manage'] as const

const newRuleSchema = ruleSchema
  .extend({ before: z.int().nullable().meta({ description: 'The amount that it replaces' }) })
  .meta({ id: 'NewLimitRule' })

const onlyShadow = { description: 'Only those that are just watched' }
const onlyShared = { description: 'Only those that the members of the role share' }

export const limits = [
  endpoint({
    name: 'limit.read',
    summary: 'Show all limits that apply to a user, a role or a key, and what is left of them',
    method: 'GET',
    path: '/admin/limits',
    access: MANAGE,
    query: z
      .strictObject({ ...subjectFields, gateway: placeInput.gateway.optional() })
      .refine(isOneSubject, oneSubject),
    answer: { status: 200, schema: limitReportSchema },
    handle: ({ query: { gateway, ...subject }, services }) =>
      services.limits.get(toSubject(subject), gateway),
    view: limitReportView,
  }),

  endpoint({
    name: 'limit.set',
    summary: 'Set limits, each in place of an earlier one for the same',
    method: 'PUT',
    path: '/admin/limits',
    access: MANAGE,
    body: z.strictObject(proposalInput),
    answer: { status: 200, schema: z.object({ rules: z.array(newRuleSchema) }) },
    handle: ({ actor, body, services }) =>
      services.limits.set(actor, toSubject(body.subject), toProposal(body)),
    view: (rules) => ({ rules }),
  }),

  endpoint({
    name: 'limit.reset',
    summary: 'Remove the limits for exactly this gateway and model',
    method: 'DELETE',
    path: '/admin/limits',
    access: MANAGE,
    query: z
      .strictObject({
        ...subjectFields,
        ...placeInput,
        shadow: flagInput.optional().meta(onlyShadow),
        shared: flagInput.optional().meta(onlyShared),
      })
      .refine(isOneSubject, oneSubject),
    answer: { status: 200, schema: z.object({ rules: z.array(ruleSchema) }) },
    handle: ({ actor, query, services }) =>
      services.limits.reset(actor, toSubject(query), toSelection(query)),
    view: (rules) => ({ rules: rules.map(ruleView) }),
  }),

  endpoint({
    name: 'limit.reset-used',
    summary: 'Give back what was used; the limits stay',
    method: 'POST',
    path: '/admin/limits/reset-used',
    access: MANAGE,
    body: z.strictObject({
      subject: subjectInput,
      ...placeInput,
      shadow: z.boolean().optional().meta(onlyShadow),
      shared: z.boolean().optional().meta(onlyShared),
    }),
    answer: { status: 200, schema: z.object({ buckets: z.int() }) },
    handle: ({ actor, body, services }) =>
      services.limits.resetUsed(actor, toSubject(body.subject), toSelection(body)),
    view: (buckets) => ({ buckets }),
  }),

  endpoint({
    name: 'limit.simulate',
    summary: 'Tell what limits would have done to the requests of the last days; changes nothing',
    method: 'POST',
    path: '/admin/limits/simulate',
    // It tells who asked for what and when.
    access: ['limits:manage', 'usage:read'],
    body: z.strictObject({ ...proposalInput, days: z.int().min(1).max(3650) }),
    answer: { status: 200, schema: z.object({ simulations: z.array(simulationSchema) }) },
    handle: ({ body, services }) =>
      services.limits.simulate(toSubject(body.subject), toProposal(body), { days: body.days }),
    view: (simulations) => ({ simulations: simulations.map(simulationView) }),
  }),
]

interface Selected {
  readonly gateway: string
  readonly model?: string | undefined
  readonly shadow?: boolean | undefined
  readonly shared?: boolean | undefined
}

const toSelection = ({ gateway, model, shadow, shared }: Selected): RuleSelection => ({
  gateway,
  model,
  shadowOnly: shadow,
  sharedOnly: shared,
})
