import type { Permission } from '../../app/domain/role.ts'
import { GATEWAYS } from '../../app/gateways/registry.ts'
import { CHAT, MODEL } from '../support/gateway/stage.ts'

/** An empty file's digest. */
const DIGEST = new Bun.CryptoHasher('sha256').update('').digest('hex')

interface ValidRequest {
  /** Sent as JSON; none is sent without it. */
  readonly body?: object
  /** Values of the path's parameters. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** One good request for each operation: what is refused in the tests is refused for its sender. */
const VALID: Readonly<Record<string, ValidRequest>> = {
  'ollama POST chat': { body: { ...CHAT, stream: false } },
  'ollama POST generate': { body: { model: MODEL, prompt: 'hi' } },
  'ollama POST embed': { body: { model: MODEL, input: 'hi' } },
  'ollama POST embeddings': { body: { model: MODEL, prompt: 'hi' } },
  'ollama GET tags': {},
  'ollama GET models': {},
  'ollama GET ps': {},
  'ollama GET version': {},
  'ollama POST show': { body: { model: MODEL } },
  'ollama POST pull': { body: { model: MODEL } },
  'ollama POST push': { body: { model: MODEL } },
  'ollama POST create': { body: { model: 'mine', from: MODEL } },
  'ollama POST copy': { body: { source: MODEL, destination: 'copy' } },
  'ollama DELETE delete': { body: { model: MODEL } },
  'ollama POST blobs': { parameters: { digest: `sha256:${DIGEST}` } },
  'ollama HEAD blobs': { parameters: { digest: `sha256:${DIGEST}` } },
}

/** One address and method of one operation. */
export interface Route {
  readonly method: string
  /** With its parameters filled in. */
  readonly path: string
  /** Everything that it takes to be let in. */
  readonly permissions: readonly Permission[]
  /** The whole body of a good request, or null when it needs none. */
  readonly body: string | null
}

/** Every route of every gateway. Throws when one has no valid request above. */
export const ROUTES: readonly Route[] = GATEWAYS.flatMap(({ name, basePath, operations }) =>
  operations.flatMap(({ name: operation, method, paths, permissions }) => {
    const valid = VALID[`${name} ${method} ${operation}`]
    if (!valid) throw new Error(`add a valid request for ${name} ${method} ${operation}`)
    return paths.map((path) => ({
      method,
      path: basePath + path.replace(/:(\w+)/g, (_, parameter) => parameterOf(valid, parameter)),
      permissions: [`gateway:${name}` as Permission, ...permissions],
      body: valid.body ? JSON.stringify(valid.body) : null,
    }))
  }),
)

function parameterOf({ parameters }: ValidRequest, name: string): string {
  const value = parameters?.[name]
  if (value === undefined) throw new Error(`add a value for the parameter ${name}`)
  return value
}
