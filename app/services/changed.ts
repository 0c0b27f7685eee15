/** What differs between two states of a thing, for the audit log: only those members, as they were and are. */
export function changed<State extends object>(
  before: State,
  after: State,
): { readonly before: Partial<State>; readonly after: Partial<State> } {
  const keys = (Object.keys(after) as (keyof State)[]).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  )
  const pick = (state: State): Partial<State> =>
    Object.fromEntries(keys.map((key) => [key, state[key]])) as Partial<State>
  return { before: pick(before), after: pick(after) }
}
