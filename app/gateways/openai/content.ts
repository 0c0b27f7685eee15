import { z } from 'zod'
import { badField } from '../../errors/gateway-error.ts'
import { imageInUrl } from '../inline-image.ts'

const MAX_PARTS = 1000

const part = z.object({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
  image_url: z.union([z.string(), z.object({ url: z.string() })]).optional(),
  input_audio: z.object({ data: z.string() }).optional(),
})

/** What a message says: a text, or parts of several kinds. */
export const content = z
  .union([z.string(), z.array(part).max(MAX_PARTS, `at most ${MAX_PARTS} parts`)])
  .nullish()
type Content = z.infer<typeof content>
type Part = z.infer<typeof part>

/** The same as Ollama has it: one text, and beside it what is to be looked at or listened to. */
export interface NativeContent {
  readonly content: string
  readonly images?: string[]
}

/** Throws bad_request for a part that can't be told to Ollama. */
export function toNativeContent(given: Content, field: string): NativeContent {
  if (given == null || typeof given === 'string') return { content: given ?? '' }
  const texts: string[] = []
  const images: string[] = []
  given.forEach((part, i) => {
    const at = `${field}[${i}]`
    const text = textIn(part, at)
    if (text === null) images.push(mediaIn(part, at))
    else texts.push(text)
  })
  return { content: texts.join('\n'), ...(images.length > 0 && { images }) }
}

function textIn({ type, text, refusal }: Part, field: string): string | null {
  if (type !== 'text' && type !== 'refusal') return null
  const found = type === 'text' ? text : refusal
  if (found === undefined) throw badField(`${field}.${type}`, 'must be a text')
  return found
}

function mediaIn({ type, image_url, input_audio }: Part, field: string): string {
  if (type === 'image_url') {
    if (image_url === undefined) throw badField(`${field}.image_url`, 'must have a url')
    const isText = typeof image_url === 'string'
    const url = isText ? image_url : image_url.url
    return imageInUrl(url, isText ? `${field}.image_url` : `${field}.image_url.url`)
  }
  if (type !== 'input_audio') {
    throw badField(`${field}.type`, 'must be text, image_url or input_audio; no other can be read')
  }
  // Ollama takes sound where it takes images.
  if (!input_audio) throw badField(`${field}.input_audio`, 'must have data')
  return audioOf(input_audio.data, `${field}.input_audio.data`)
}

function audioOf(base64: string, field: string): string {
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)) return base64
  throw badField(field, 'is not valid base64')
}
