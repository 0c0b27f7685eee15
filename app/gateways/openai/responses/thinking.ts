import type { Item } from './input.ts'

/** Tells what was written here from what OpenAI has encrypted, which nobody else can read. */
const MARK = 'parallama.1.'

/**
 * Thinking in the form in which clients hand it back without looking into it. It is no secret: the
 * summary says the same to whoever looks there.
 */
export const sealed = (thinking: string): string =>
  MARK + Buffer.from(thinking).toString('base64url')

/** What the model thought, as far as it can be read; '' when nothing can. */
export function thinkingIn({ content, summary, encrypted_content }: Item): string {
  const said = content?.length ? content : (summary ?? [])
  if (typeof said === 'string') return said
  if (said.length > 0) return said.map(({ text = '' }) => text).join('\n\n')
  if (!encrypted_content?.startsWith(MARK)) return ''
  return Buffer.from(encrypted_content.slice(MARK.length), 'base64url').toString()
}
