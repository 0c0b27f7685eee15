import { GatewayError } from '../../errors/gateway-error.ts'
import { type Call, type Definition, operation } from '../gateway.ts'
import { libraryHost, transferOptions } from './managing.ts'

const DIGEST = /^sha256[:-]([0-9a-f]{64})$/

const blob = {
  name: 'blobs',
  paths: ['/api/blobs/:digest'],
  permissions: ['models:manage'],
  body: null,
  model: null,
  work: null,
} satisfies Partial<Definition<never>>

/** Whether the first host has the file. */
export const headBlob = operation<never>({
  ...blob,
  method: 'HEAD',
  handle: (call, { relay, pool }) => {
    const request = { method: 'HEAD', endpoint: blobEndpoint(call) } as const
    return relay.send({ ...call, hosts: libraryHost(pool) }, request)
  },
})

/** Uploads a file to the first host; it is passed on as it comes in, and never held. */
export const postBlob = operation<never>({
  ...blob,
  method: 'POST',
  handle: (call, { relay, pool }) => {
    const request = {
      method: 'POST',
      endpoint: blobEndpoint(call),
      body: call.request.body,
    } as const
    return relay.send({ ...call, hosts: libraryHost(pool) }, request, transferOptions(pool))
  },
})

function blobEndpoint(call: Call<never>): `/api/blobs/sha256:${string}` {
  const hex = DIGEST.exec(call.param('digest'))?.[1]
  if (!hex)
    throw new GatewayError('bad_request', 'invalid digest format; write sha256:<64 hex digits>')
  return `/api/blobs/sha256:${hex}`
}
