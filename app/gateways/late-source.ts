import type { UpstreamResponse } from '../upstream/http/client.ts'
import type { Source } from '../usage/tap.ts'
import type { Exchange } from './exchange.ts'

/** A source that begins when the answer does; what keeps it from beginning is thrown when it is read. */
export function lateSource(
  { response, abandon }: Exchange,
  open: (response: UpstreamResponse) => Promise<Source>,
): Source {
  const source = response.then(open)
  // It is told to whoever reads.
  source.catch(() => {})
  return {
    read: async () => await (await source).read(),
    cancel: async () => abandon(),
  }
}
