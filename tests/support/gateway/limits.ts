import type { Unit, Window } from '../../../app/domain/limit.ts'
import { TESTER } from '../builders.ts'
import type { Stage } from './stage.ts'

export interface TestLimit {
  readonly gateway?: string
  readonly model?: string
  readonly shadow?: boolean
  readonly shared?: boolean
  /** Whom it is for; default the stage's user. */
  readonly role?: string
  readonly key?: string
}

/** Sets one rule, as an administrator does: `'requests per day'`, for the stage's user by default. */
export async function limit(
  stage: Stage,
  what: `${Unit} per ${Window}`,
  amount: number,
  { gateway = 'ollama', role, key, ...rest }: TestLimit = {},
): Promise<void> {
  const [unit, window] = what.split(' per ') as [Unit, Window]
  const { admin } = stage.gateway
  const subject = role ? { role } : key ? { key } : { user: stage.user.username }
  await admin.limits.set(TESTER, subject, { gateway, amounts: [{ unit, window, amount }], ...rest })
}
