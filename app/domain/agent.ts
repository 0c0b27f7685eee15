const MAX_LENGTH = 200

/** What a client says it is, cut and on one line, so that it can be stored and shown; null for nothing. */
export function agentText(userAgent: string | null): string | null {
  const text = userAgent?.replaceAll(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, '').trim() ?? ''
  return [...text].slice(0, MAX_LENGTH).join('') || null
}
