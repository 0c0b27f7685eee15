import { deleteRequest } from '../../domain/model-requests.ts'
import { bodyOf } from '../../middleware/body.ts'
import { operation } from '../gateway.ts'
import { givenName, transferOptions } from './managing.ts'

/** Deletes from the least busy of the hosts that have the model; again for the next. */
export const deleteModel = operation({
  name: 'delete',
  method: 'DELETE',
  paths: ['/api/delete'],
  permissions: ['models:manage'],
  body: bodyOf(deleteRequest),
  model: givenName,
  work: null,
  handle: (call, { relay, pool }) => {
    const body = JSON.stringify({ model: call.model })
    return relay.send(
      call,
      { method: 'DELETE', endpoint: '/api/delete', body },
      transferOptions(pool),
    )
  },
})
