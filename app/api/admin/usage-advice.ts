import { z } from 'zod'
import type { Advice } from '../../domain/usage-advice.ts'
import { ADVICE_DAYS, MAX_ADVICE_DAYS } from '../../services/usage-advice.ts'
import { endpoint } from '../endpoint.ts'
import { integerInput } from '../wire.ts'

/** What would help, by what was used. */
const adviceSchema = z
  .object({
    days: z.number().meta({ description: 'Of how many days there are sums' }),
    requests: z.int(),
    too_little: z
      .string()
      .nullable()
      .meta({ description: 'Why nothing is recommended; null when there is enough to go by' }),
    recommendations: z.array(
      z.object({
        kind: z.enum(['pin', 'slots', 'context', 'remove']),
        model: z.string().nullable(),
        advice: z.string(),
        why: z.string(),
        numbers: z
          .record(z.string(), z.number())
          .meta({ description: 'Those behind it; each kind has its own' }),
      }),
    ),
  })
  .meta({ id: 'UsageAdvice' })

const adviceView = ({ tooLittle, ...advice }: Advice): z.infer<typeof adviceSchema> => ({
  days: advice.days,
  requests: advice.requests,
  too_little: tooLittle,
  recommendations: advice.recommendations.map(({ numbers, ...recommendation }) => ({
    ...recommendation,
    numbers: Object.fromEntries(Object.entries(numbers).map(([name, n]) => [wireName(name), n])),
  })),
})

/** `loadsPerDay` is sent as `loads_per_day`. */
const wireName = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export const usageAdvice = endpoint({
  name: 'usage.advise',
  summary: 'Say what would help: models to keep loaded, slots, contexts, models to remove',
  method: 'GET',
  path: '/admin/usage/advice',
  access: ['usage:read'],
  query: z.strictObject({
    days: integerInput(1, MAX_ADVICE_DAYS)
      .optional()
      .meta({ description: `By the last so many days; ${ADVICE_DAYS} when nothing is said` }),
  }),
  answer: { status: 200, schema: adviceSchema },
  handle: ({ query: { days = ADVICE_DAYS }, services }) => services.usageReports.advise(days),
  view: adviceView,
})
