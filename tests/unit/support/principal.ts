import type { Principal } from '../../../app/domain/grant.ts'

/** Somebody who may use Ollama with every model that is not in the cloud; `change` says otherwise. */
export const principal = (change: Partial<Principal> = {}): Principal => ({
  userId: 'user-1',
  username: 'alice',
  keyId: 'key-1',
  sessionId: null,
  isScoped: false,
  addresses: null,
  replaced: null,
  permissions: new Set(['gateway:ollama']),
  models: [() => true],
  limits: [],
  validUntil: Number.POSITIVE_INFINITY,
  ...change,
})
