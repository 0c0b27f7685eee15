import { z } from 'zod'
import { badField } from '../../../errors/gateway-error.ts'
import { imageInUrl } from '../../inline-image.ts'
import {
  contentOf,
  type NativeContent,
  NO_CONTENT,
  neededText,
  type Perceived,
  toNativeContent,
} from '../content.ts'

const NO_FILES = 'files are not kept here; send an image itself, as a base64 data: URL in image_url'

const part = z.object({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
  image_url: z.string({ error: 'must be a text: a base64 data: URL' }).nullish(),
  file_id: z.string().nullish(),
})
type Part = z.infer<typeof part>

/** What an item says. */
export const itemContent = contentOf(part)

/** The same as Ollama has it. Throws bad_request for a part that can't be told to it. */
export function toItemContent(given: z.infer<typeof itemContent>, field: string): NativeContent {
  if (given == null) throw badField(field, NO_CONTENT)
  return toNativeContent(given, (part, i) => perceive(part, `${field}[${i}]`))
}

function perceive({ type, text, refusal, ...image }: Part, field: string): Perceived {
  switch (type) {
    case 'input_text':
    case 'output_text':
      return { text: neededText(text, `${field}.text`) }
    case 'refusal':
      return { text: neededText(refusal, `${field}.refusal`) }
    case 'input_image':
      return { image: imageIn(image, field) }
    case 'input_file':
      throw badField(`${field}.type`, 'files can not be read here; send their text as input_text')
    default:
      throw badField(
        `${field}.type`,
        'must be input_text, output_text, input_image or refusal; no other can be read',
      )
  }
}

function imageIn(
  { image_url, file_id }: Pick<Part, 'image_url' | 'file_id'>,
  field: string,
): string {
  if (file_id != null) throw badField(`${field}.file_id`, NO_FILES)
  if (image_url == null) throw badField(`${field}.image_url`, 'must be a base64 data: URL')
  return imageInUrl(image_url, `${field}.image_url`)
}
