import type { Limit, Unit, Window } from '../domain/limit.ts'
import { limitFor, type SubjectKind } from '../domain/stored-rule.ts'

type Columns = [
  kind: SubjectKind,
  subject: string,
  isShared: string,
  gateway: string,
  model: string,
  unit: Unit,
  window: Window,
  amount: string,
  isShadow: string,
  since: string,
  ...name: string[],
]

/** Reads a limit as the verification query writes it, for the owner of a key. */
export function parseLimit(text: string, { user_id }: { readonly user_id: string }): Limit {
  const [kind, subject, isShared, gateway, model, unit, window, amount, isShadow, since, ...name] =
    text.split(' ') as Columns
  return limitFor(user_id, {
    kind,
    subject,
    shared: isShared === '1',
    gateway,
    model,
    unit,
    window,
    amount: Number(amount),
    shadow: isShadow === '1',
    since: Number(since),
    role: kind === 'role' ? name.join(' ') : null,
  })
}
