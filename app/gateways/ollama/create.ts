import { createRequest } from '../../domain/model-requests.ts'
import { bodyOf } from '../../middleware/body.ts'
import { operation } from '../gateway.ts'
import { givenName, libraryHost, newModelName, transferOptions } from './managing.ts'

export const create = operation({
  name: 'create',
  method: 'POST',
  paths: ['/api/create'],
  permissions: ['models:manage'],
  body: bodyOf(createRequest),
  model: null,
  work: null,
  handle: (call, { relay, pool }) => {
    const { name: _, from, ...rest } = call.body
    const model = newModelName(call.principal, givenName(call.body))
    const body = JSON.stringify({
      ...rest,
      model,
      from: from && newModelName(call.principal, from),
    })
    const hosts = libraryHost(pool)
    const request = { method: 'POST', endpoint: '/api/create', body } as const
    return relay.send({ ...call, hosts }, request, transferOptions(pool))
  },
})
