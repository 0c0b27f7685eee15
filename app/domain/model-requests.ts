import { z } from 'zod'

const name = z.string().min(1).optional()
const text = z.string()
const flag = z.boolean().nullish()
const json = z.record(z.string(), z.unknown())
const digests = z.record(
  z.string(),
  z.string().regex(/^sha256[:-][0-9a-f]{64}$/, 'must be sha256:<64 hex digits>'),
)

/** Clients send the model as `model` or, the older ones, as `name`: never as both. */
const oneName = (body: { model?: string | undefined; name?: string | undefined }): boolean =>
  (body.model === undefined) !== (body.name === undefined)
const ONE_NAME = { error: 'give the model as "model", once', path: ['model'] }

/** `POST /api/show` */
export const showRequest = z.object({ model: name, name, verbose: flag }).refine(oneName, ONE_NAME)

/** `POST /api/pull` and `POST /api/push` */
export const transferRequest = z
  .object({ model: name, name, insecure: flag, stream: flag })
  .refine(oneName, ONE_NAME)

/** `DELETE /api/delete` */
export const deleteRequest = z.object({ model: name, name }).refine(oneName, ONE_NAME)

/** `POST /api/copy` */
export const copyRequest = z.object({ source: text.min(1), destination: text.min(1) })

/** `POST /api/create`; `remote_host` is left out on purpose: it makes a model that runs elsewhere. */
export const createRequest = z
  .object({
    model: name,
    name,
    from: text.optional(),
    files: digests.optional(),
    adapters: digests.optional(),
    draft_files: digests.optional(),
    template: text.optional(),
    license: z.union([text, z.array(text)]).optional(),
    system: text.optional(),
    parameters: json.optional(),
    messages: z.array(z.object({ role: text, content: text })).optional(),
    quantize: text.optional(),
    renderer: text.optional(),
    parser: text.optional(),
    requires: text.optional(),
    info: json.optional(),
    stream: flag,
  })
  .refine(oneName, ONE_NAME)
