import { badField } from '../errors/gateway-error.ts'

/** The kinds of images that Ollama reads. */
export const MEDIA_TYPES = ['image/jpeg', 'image/jpg', 'image/png', 'image/webp']
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/
/** The longest head of a data URL that can be one of those types, in characters. */
const MAX_HEAD = 100

/** The image in a `data:` URL, as base64. Throws bad_request: nothing is ever fetched. */
export function imageInUrl(url: string, field: string): string {
  if (/^https?:/i.test(url)) {
    throw badField(field, 'images are not fetched; send the image itself as a base64 data: URL')
  }
  const [head = '', type] = /^data:([^;,]*);base64,/i.exec(url.slice(0, MAX_HEAD)) ?? []
  if (type === undefined) throw badField(field, 'must be a base64 data: URL')
  return imageOf(type || null, url.slice(head.length), field)
}

/** The same for one whose type and base64 are given; without a type the model finds out. */
function imageOf(mediaType: string | null, base64: string, field: string): string {
  if (mediaType !== null && !MEDIA_TYPES.includes(mediaType.toLowerCase())) {
    throw badField(field, `must be one of ${MEDIA_TYPES.join(', ')}`)
  }
  const image = standardBase64(base64)
  if (image === null) throw badField(field, 'is not valid base64')
  return image
}

/** Base64 of either alphabet in the form that Ollama takes, padded; null for what is none. */
export function standardBase64(text: string): string | null {
  const length = text.length - (/=*$/.exec(text.slice(-2))?.[0].length ?? 0)
  if (!BASE64.test(text) || length % 4 === 1) return null
  const bare = text.slice(0, length)
  const ordinary = /[-_]/.test(bare) ? bare.replaceAll('-', '+').replaceAll('_', '/') : bare
  return ordinary + '='.repeat(-length & 3)
}
