import { z } from 'zod'
import { badField } from '../../../errors/gateway-error.ts'
import { imageInUrl } from '../../inline-image.ts'
import type { NativeContent } from '../content.ts'

const MAX_PARTS = 1000
const NO_FILES = 'files are not kept here; send an image itself, as a base64 data: URL in image_url'

const part = z.object({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
  image_url: z.string({ error: 'must be a text: a base64 data: URL' }).nullish(),
  file_id: z.string().nullish(),
})
type Part = z.infer<typeof part>

/** What an item says: a text, or parts of several kinds. */
export const content = z
  .union([z.string(), z.array(part).max(MAX_PARTS, `at most ${MAX_PARTS} parts`)])
  .nullish()
type Content = z.infer<typeof content>

/** The same as Ollama has it. Throws bad_request for a part that can't be told to it. */
export function toNativeContent(given: Content, field: string): NativeContent {
  if (given == null) throw badField(field, 'must be a text or a list of parts')
  if (typeof given === 'string') return { content: given }
  const texts: string[] = []
  const images: string[] = []
  given.forEach((part, i) => {
    const at = `${field}[${i}]`
    if (part.type === 'input_image') images.push(imageIn(part, at))
    else texts.push(textIn(part, at))
  })
  return { content: texts.join('\n'), ...(images.length > 0 && { images }) }
}

function textIn({ type, text, refusal }: Part, field: string): string {
  switch (type) {
    case 'input_text':
    case 'output_text':
      if (text === undefined) throw badField(`${field}.text`, 'must be a text')
      return text
    case 'refusal':
      if (refusal === undefined) throw badField(`${field}.refusal`, 'must be a text')
      return refusal
    case 'input_file':
      throw badField(`${field}.type`, 'files can not be read here; send their text as input_text')
    default:
      throw badField(
        `${field}.type`,
        'must be input_text, output_text, input_image or refusal; no other can be read',
      )
  }
}

function imageIn({ image_url, file_id }: Part, field: string): string {
  if (file_id != null) throw badField(`${field}.file_id`, NO_FILES)
  if (image_url == null) throw badField(`${field}.image_url`, 'must be a base64 data: URL')
  return imageInUrl(image_url, `${field}.image_url`)
}
