import { z } from 'zod'
import { UNITS, WINDOWS } from '../../domain/limit.ts'
import type { Proposal } from '../../services/limit-proposal.ts'
import type { NewRule, SetRule } from '../../services/limit-rules.ts'
import type { Simulation } from '../../services/limit-simulation.ts'
import type { LimitStatus } from '../../services/limit-status.ts'
import type { Subject } from '../../services/limit-subject.ts'
import type { LimitReport } from '../../services/limits.ts'
import { optionalTime, time, toOptionalTime, toTime } from '../wire.ts'

const name = z.string().max(256).optional()

/** Whom limits are for; exactly one of them. */
export const subjectFields = {
  user: name.meta({ description: 'The name of a user' }),
  role: name.meta({ description: 'The name of a role' }),
  key: name.meta({ description: 'The id of a key' }),
}

type SubjectFields = z.infer<z.ZodObject<typeof subjectFields>>

/** Whether a subject is named, and no other. */
export const isOneSubject = ({ user, role, key }: SubjectFields): boolean =>
  [user, role, key].filter((given) => given !== undefined).length === 1

export const oneSubject = { error: 'give exactly one of user, role and key' }

/** The subject of fields that name exactly one. */
export function toSubject({ user, role, key = '' }: SubjectFields): Subject {
  if (user !== undefined) return { user }
  return role === undefined ? { key } : { role }
}

/** A subject in a body. */
export const subjectInput = z.strictObject(subjectFields).refine(isOneSubject, oneSubject)

/** What is common to rules of all kinds. */
export const placeInput = {
  gateway: z
    .string()
    .max(64)
    .meta({ description: 'The name of a gateway, or `*` for all of them together' }),
  model: z.string().max(256).optional().meta({ description: '`*` when left out' }),
}

/** Limits that somebody would like to set. */
export const proposalInput = {
  subject: subjectInput,
  ...placeInput,
  shared: z
    .boolean()
    .optional()
    .meta({ description: 'For a role: one bucket for all its members together' }),
  shadow: z.boolean().optional().meta({ description: 'Only tells what it would refuse' }),
  amounts: z
    .array(z.strictObject({ unit: z.enum(UNITS), window: z.enum(WINDOWS), amount: z.int() }))
    .min(1)
    .max(UNITS.length * WINDOWS.length)
    .meta({ description: 'How much of what in which time; `now` is for concurrent requests' }),
}

type ProposalInput = z.infer<z.ZodObject<typeof proposalInput>>

/** The same as services take it. */
export const toProposal = ({
  gateway,
  model,
  shared,
  shadow,
  amounts,
}: ProposalInput): Proposal => ({ gateway, model, shared, shadow, amounts })

/** A rule as it is set. */
export const ruleSchema = z
  .object({
    gateway: z.string(),
    model: z.string(),
    unit: z.enum(UNITS),
    window: z.enum(WINDOWS),
    amount: z.int(),
    shadow: z.boolean(),
    shared: z.boolean(),
  })
  .meta({ id: 'LimitRule' })

export const ruleView = ({ before: _, ...rule }: SetRule & Partial<NewRule>) => rule

/** A limit that applies to somebody, and what is left of it. */
const limitSchema = z
  .object({
    scope: z.enum(['user', 'key', 'role', 'shared']),
    role: z.string().nullable().meta({ description: 'The role it comes from' }),
    key: z.string().nullable().meta({ description: 'The key it is on' }),
    gateway: z.string(),
    model: z.string(),
    unit: z.enum(UNITS),
    window: z.enum(WINDOWS),
    limit: z.number(),
    used: z.number().nullable().meta({ description: 'Null for what each member of a role has' }),
    remaining: z.number().nullable(),
    resets_at: optionalTime,
    shadow: z.boolean(),
    refusals: z.number().nullable().meta({ description: 'What a shadow would have refused' }),
  })
  .meta({ id: 'Limit' })

const limitView = ({ resetsAt, ...limit }: LimitStatus): z.infer<typeof limitSchema> => ({
  ...limit,
  resets_at: toOptionalTime(resetsAt),
})

/** What limits somebody, as of a time. */
export const limitReportSchema = z
  .object({ at: time, limits: z.array(limitSchema) })
  .meta({ id: 'LimitReport' })

export const limitReportView = ({ at, limits }: LimitReport) => ({
  at: toTime(at),
  limits: limits.map(limitView),
})

/** What one rule would have done. */
export const simulationSchema = z
  .object({
    rule: ruleSchema,
    requests: z.int(),
    refused: z.int(),
    refusals: z
      .array(
        z.object({
          username: z.string(),
          started_at: time,
          operation: z.string(),
          model: z.string().nullable(),
          amount: z.number(),
          let_in_at: optionalTime,
        }),
      )
      .meta({ description: 'The first thousand, the oldest first' }),
    users: z.array(z.object({ username: z.string(), requests: z.int(), refused: z.int() })),
  })
  .meta({ id: 'LimitSimulation' })

export const simulationView = (run: Simulation): z.infer<typeof simulationSchema> => ({
  rule: { ...run.rule, shared: run.shared },
  requests: run.requests,
  refused: run.refused,
  refusals: run.refusals.map(({ startedAt, letInAt, ...refusal }) => ({
    ...refusal,
    started_at: toTime(startedAt),
    let_in_at: toOptionalTime(letInAt),
  })),
  users: [...run.users],
})
