const MAX_LENGTH = 200
/** Headers can be long, and nearly all of one that is would be cut off. */
const MAX_READ = 4 * MAX_LENGTH

/**
 * What a client says it is, as can be stored and shown to people: at most 200 characters, none of them
 * a control or format character; null when there is nothing left.
 */
export function agentText(userAgent: string | null): string | null {
  const text = userAgent?.slice(0, MAX_READ).replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '') ?? ''
  return [...text.trim()].slice(0, MAX_LENGTH).join('') || null
}
