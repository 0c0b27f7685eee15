import { readGoBody } from './go-body.ts'
import { goJson } from './go-text.ts'
import { modelOrName } from './managing.ts'
import { displayName, parseModelName } from './model-name.ts'
import type { FakeModel } from './models.ts'
import type { Reply } from './reply.ts'
import { sendJson, sendLine } from './send.ts'
import type { FakeState, Handler } from './state.ts'

/** POST /api/pull: finds installed models and those in the fake's registry. */
export const pull: Handler = async (reply, state) => {
  const body = readGoBody(reply.request.body, 'PullRequest')
  const model = fromRegistry(state, modelOrName(body))
  await report(reply, body.flag('stream'), [
    { status: 'pulling manifest' },
    ...(model ? pulled(model) : [{ error: 'pull model manifest: file does not exist' }]),
  ])
}

/** POST /api/push. */
export const push: Handler = async (reply, state) => {
  const body = readGoBody(reply.request.body, 'PushRequest')
  const model = state.models.find(parseModelName(modelOrName(body)))
  await report(reply, body.flag('stream'), [
    { status: 'retrieving manifest' },
    ...(model
      ? [
          { ...layer(model, 'pushing'), completed: model.size },
          { status: 'pushing manifest' },
          { status: 'success' },
        ]
      : [{ error: "couldn't retrieve manifest" }]),
  ])
}

/** POST /api/create, from a model or from uploaded files; an absent `from` is pulled. */
export const create: Handler = async (reply, state) => {
  const body = readGoBody(reply.request.body, 'CreateRequest')
  const from = body.text('from')
  const name = parseModelName(modelOrName(body))
  const source = from === '' ? undefined : fromRegistry(state, from)
  const missing = from !== '' && !source
  if (name && !missing) {
    const { key: _key, digest: _digest, ...options } = source ?? {}
    const system = body.text('system') || source?.system || ''
    state.models.add({ ...options, system, modifiedAt: Date.now(), name: displayName(name) })
  }
  await report(reply, body.flag('stream'), [
    { status: 'reading model metadata' },
    ...(name
      ? missing
        ? [{ error: 'pull model manifest: file does not exist' }]
        : [{ status: 'writing manifest' }, { status: 'success' }]
      : [{ error: 'invalid model name' }]),
  ])
}

async function report(reply: Reply, stream: boolean | undefined, lines: readonly object[]) {
  const last = lines.at(-1) ?? {}
  if (stream !== false) {
    for (const line of lines) await sendLine(reply, line)
    return reply.end()
  }
  if ('error' in last) return sendJson(reply, last, 500)
  await reply.whole(200, 'application/json', goJson(last))
}

function fromRegistry(state: FakeState, text: string): FakeModel | undefined {
  const name = parseModelName(text)
  const installed = state.models.find(name)
  if (installed || !name || !state.registry.includes(displayName(name))) return installed
  return state.models.add({ name: displayName(name) })
}

function pulled(model: FakeModel): object[] {
  return [
    layer(model, 'pulling'),
    { ...layer(model, 'pulling'), completed: 241970 },
    { ...layer(model, 'pulling'), completed: model.size },
    { status: 'verifying sha256 digest' },
    { status: 'writing manifest' },
    { status: 'success' },
  ]
}

function layer(model: FakeModel, verb: string) {
  const status = `${verb} ${model.digest.slice(0, 12)}`
  return { status, digest: `sha256:${model.digest}`, total: model.size }
}
