import { GatewayError } from '../../errors/gateway-error.ts'
import { type Operation, operation } from '../gateway.ts'

/** What OpenAI has and Ollama has nothing for. */
const NOT_OFFERED: Readonly<Record<string, readonly string[]>> = {
  moderations: ['/v1/moderations'],
  edits: ['/v1/edits'],
  images: ['/v1/images/generations', '/v1/images/edits', '/v1/images/variations'],
  audio: ['/v1/audio/speech', '/v1/audio/transcriptions', '/v1/audio/translations'],
}

/** Each of them says so, which is more than that there is nothing at the address. */
export const notOffered: readonly Operation[] = Object.entries(NOT_OFFERED).map(
  ([name, paths]) => ({
    ...operation<never>({
      name,
      method: 'POST',
      paths,
      permissions: [],
      body: null,
      model: null,
      work: null,
      handle: async () => {
        throw new GatewayError(
          'not_implemented',
          `${name}: Ollama has nothing like it, so it is not offered here`,
        )
      },
    }),
    isOffered: false,
  }),
)
