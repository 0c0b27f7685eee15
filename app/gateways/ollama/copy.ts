import { copyRequest } from '../../domain/model-requests.ts'
import { bodyOf } from '../../middleware/body.ts'
import { operation } from '../gateway.ts'
import { newModelName, transferOptions } from './managing.ts'

export const copy = operation({
  name: 'copy',
  method: 'POST',
  paths: ['/api/copy'],
  permissions: ['models:manage'],
  body: bodyOf(copyRequest),
  model: (body) => body.source,
  work: null,
  handle: (call, { relay, pool }) => {
    const destination = newModelName(call.principal, call.body.destination)
    const body = JSON.stringify({ source: call.model, destination })
    return relay.send(call, { method: 'POST', endpoint: '/api/copy', body }, transferOptions(pool))
  },
})
