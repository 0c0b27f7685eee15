import { z } from 'zod'
import { badField } from '../../errors/gateway-error.ts'

const MAX_PARTS = 1000

/** What is said of a value that is no content. */
export const NO_CONTENT = 'must be a text or a list of parts'

/** What somebody says: a text, or parts of several kinds. */
export const contentOf = <Part extends z.ZodType>(part: Part) =>
  z
    .union([z.string(), z.array(part).max(MAX_PARTS, `at most ${MAX_PARTS} parts`)], {
      error: NO_CONTENT,
    })
    .nullish()

/** The same as Ollama has it: one text, and beside it what is to be looked at or listened to. */
export interface NativeContent {
  readonly content: string
  readonly images?: string[]
}

/** What there is in a part; Ollama takes sound where it takes images. */
export type Perceived = { readonly text: string } | { readonly image: string }

/** Puts the parts together; `perceive` is asked for each in turn. */
export function toNativeContent<Part>(
  given: string | readonly Part[],
  perceive: (part: Part, index: number) => Perceived,
): NativeContent {
  if (typeof given === 'string') return { content: given }
  const perceived = given.map(perceive)
  const texts = perceived.flatMap((part) => ('text' in part ? [part.text] : []))
  const images = perceived.flatMap((part) => ('image' in part ? [part.image] : []))
  return { content: texts.join('\n'), ...(images.length > 0 && { images }) }
}

/** A text that has to be there. Throws bad_request when it is not. */
export function neededText(text: string | null | undefined, field: string): string {
  if (text == null) throw badField(field, 'must be a text')
  return text
}
