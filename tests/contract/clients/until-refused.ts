import { until } from '../../integration/limits/until.ts'
import { hang } from '../../support/fake-ollama/script.ts'
import { limit } from '../../support/gateway/limits.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, type Stage } from '../../support/gateway/stage.ts'
import { beginning } from './failures.ts'

/** How many requests were refused with that status. */
export const refused = ({ gateway }: Stage, status: number): number =>
  gateway.log.filter(
    ({ message, fields }) =>
      message === 'request refused' && 'status' in fields && fields.status === status,
  ).length

/**
 * Takes the only place that the user has, lets somebody ask, and frees the place when that was refused;
 * resolves with what the answer is after all.
 */
export async function untilRefused<Answer>(
  stage: Stage,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  await limit(stage, 'concurrent-requests per now', 1, { gateway: '*' })
  stage.ollama.once('/api/chat', [beginning('/api/chat', 'one'), hang()])
  const running = readRecords(await stage.post('/ollama/api/chat', CHAT, { as: stage.user }))
  await running.next()
  const answer = ask()
  // It is awaited below: until then nobody would take a failure.
  answer.catch(() => {})
  await Promise.race([until(() => refused(stage, 429) > 0), answer])
  await running.leave()
  await stage.gateway.accounted(1)
  return await answer
}
