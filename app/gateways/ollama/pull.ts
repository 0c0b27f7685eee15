import { transferRequest } from '../../domain/model-requests.ts'
import { bodyOf } from '../../middleware/body.ts'
import { operation } from '../gateway.ts'
import { givenName, libraryHost, newModelName, transferOptions } from './managing.ts'

export const pull = operation({
  name: 'pull',
  method: 'POST',
  paths: ['/api/pull'],
  permissions: ['models:manage'],
  body: bodyOf(transferRequest),
  model: null,
  work: null,
  handle: (call, { relay, pool }) => {
    const { insecure, stream } = call.body
    const model = newModelName(call.principal, givenName(call.body))
    const body = JSON.stringify({ model, insecure, stream })
    const hosts = libraryHost(pool)
    const request = { method: 'POST', endpoint: '/api/pull', body } as const
    return relay.send({ ...call, hosts }, request, transferOptions(pool))
  },
})
