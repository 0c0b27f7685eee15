import { transferRequest } from '../../domain/model-requests.ts'
import { bodyOf } from '../../middleware/body.ts'
import { operation } from '../gateway.ts'
import { givenName, transferOptions } from './managing.ts'

export const push = operation({
  name: 'push',
  method: 'POST',
  paths: ['/api/push'],
  permissions: ['models:manage'],
  body: bodyOf(transferRequest),
  model: givenName,
  work: null,
  handle: (call, { relay, pool }) => {
    const { insecure, stream } = call.body
    const body = JSON.stringify({ model: call.model, insecure, stream })
    return relay.send(call, { method: 'POST', endpoint: '/api/push', body }, transferOptions(pool))
  },
})
