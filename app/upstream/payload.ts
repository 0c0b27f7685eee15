import { MAX_IMAGE_BYTES, MAX_IMAGES, MAX_SCHEMA_BYTES } from '../domain/native.ts'
import { badField } from '../errors/gateway-error.ts'

/** Refuses more images, or larger ones, than a model runner should be given at once. */
export function checkImages(images: readonly string[], field: string): void {
  if (images.length > MAX_IMAGES) {
    throw badField(field, `at most ${MAX_IMAGES} images in one request`)
  }
  const bytes = images.reduce((sum, image) => sum + Math.floor((image.length * 3) / 4), 0)
  if (bytes > MAX_IMAGE_BYTES) {
    const mib = MAX_IMAGE_BYTES / 1024 ** 2
    throw badField(field, `at most ${mib} MiB of images in one request`)
  }
}

/** Refuses a schema, or a tool with its own, that would keep a model runner busy with nothing else. */
export function checkSchema(schema: unknown, field: string): void {
  if (schema == null || JSON.stringify(schema).length <= MAX_SCHEMA_BYTES) return
  throw badField(field, `at most ${MAX_SCHEMA_BYTES} bytes of schema`)
}
