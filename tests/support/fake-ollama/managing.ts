import { ApiError } from './api-error.ts'
import { type GoBody, readGoBody } from './go-body.ts'
import { parseModelName } from './model-name.ts'
import { sendNothing } from './send.ts'
import { findModel, type Handler, notFound } from './state.ts'

const digestPattern = /^sha256[:-][0-9a-fA-F]{64}$/

/** POST /api/copy. */
export const copy: Handler = async (reply, state) => {
  const body = readGoBody(reply.request.body, 'CopyRequest')
  const destination = body.text('destination')
  const source = findModel(
    reply,
    state,
    body.text('source'),
    (name) => new ApiError(404, `model "${name}" not found`),
  )
  if (!parseModelName(destination)) {
    throw new ApiError(400, `destination "${destination}" is invalid`)
  }
  state.models.add({ ...source, name: destination, modifiedAt: Date.now() })
  await sendNothing(reply)
}

/** DELETE /api/delete, with a body. */
export const remove: Handler = async (reply, state) => {
  const body = readGoBody(reply.request.body, 'DeleteRequest')
  const name = modelOrName(body)
  if (!state.models.remove(parseModelName(name))) throw notFound(name)
  await sendNothing(reply)
}

/** HEAD /api/blobs/:digest. */
export const headBlob: Handler = async (reply, state, digest) => {
  await sendNothing(reply, state.blobs.has(checkedDigest(digest)) ? 200 : 404)
}

/** POST /api/blobs/:digest. */
export const putBlob: Handler = async (reply, state, digest) => {
  const key = checkedDigest(digest)
  if (state.blobs.has(key)) return sendNothing(reply)
  const actual = new Bun.CryptoHasher('sha256').update(reply.request.bytes).digest('hex')
  if (key !== `sha256:${actual}`) {
    throw new ApiError(400, `digest mismatch, expected "${key}", got "sha256:${actual}"`)
  }
  state.blobs.add(key)
  await sendNothing(reply, 201)
}

/** The name as pull, push, create, delete and show take it. */
export function modelOrName(body: GoBody): string {
  return body.text('model') || body.text('name')
}

function checkedDigest(digest: string): string {
  if (!digestPattern.test(digest)) throw new ApiError(400, 'invalid digest format')
  return digest.toLowerCase().replace('-', ':')
}
