import { z } from 'zod'
import { badField } from '../../errors/gateway-error.ts'
import { imageInUrl, standardBase64 } from '../inline-image.ts'
import {
  contentOf,
  type NativeContent,
  neededText,
  type Perceived,
  toNativeContent,
} from './content.ts'

const part = z.object({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
  image_url: z
    .union([z.string(), z.object({ url: z.string() })], {
      error: 'must be a base64 data: URL, or an object whose url is one',
    })
    .optional(),
  input_audio: z.object({ data: z.string() }).optional(),
})
type Part = z.infer<typeof part>

/** What a message says. */
export const chatContent = contentOf(part)

/** The same as Ollama has it. Throws bad_request for a part that can't be told to it. */
export const toChatContent = (given: z.infer<typeof chatContent>, field: string): NativeContent =>
  toNativeContent(given ?? '', (part, i) => perceive(part, `${field}[${i}]`))

function perceive({ type, text, refusal, image_url, input_audio }: Part, field: string): Perceived {
  switch (type) {
    case 'text':
      return { text: neededText(text, `${field}.text`) }
    case 'refusal':
      return { text: neededText(refusal, `${field}.refusal`) }
    case 'image_url':
      return { image: imageIn(image_url, `${field}.image_url`) }
    case 'input_audio':
      return { image: soundIn(input_audio, `${field}.input_audio`) }
    default:
      throw badField(
        `${field}.type`,
        'must be text, image_url or input_audio; no other can be read',
      )
  }
}

function imageIn(given: Part['image_url'], field: string): string {
  if (given === undefined) throw badField(field, 'must have a url')
  return typeof given === 'string'
    ? imageInUrl(given, field)
    : imageInUrl(given.url, `${field}.url`)
}

function soundIn(given: Part['input_audio'], field: string): string {
  if (given === undefined) throw badField(field, 'must have data')
  const sound = standardBase64(given.data)
  if (sound === null) throw badField(`${field}.data`, 'is not valid base64')
  return sound
}
