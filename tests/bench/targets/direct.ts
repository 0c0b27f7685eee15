import { Client } from '../client.ts'
import { native } from '../dialects/native.ts'
import { onlyUpstream, type Target, type TargetPlace } from './target.ts'

/** No proxy: what the load generator and the upstream take by themselves. */
export async function startDirect(place: TargetPlace): Promise<Target> {
  const client = new Client({ url: new URL('/api/chat', onlyUpstream(place).url), headers: {} })
  const stop = async () => client.close()
  return { name: 'direct', pid: undefined, client, dialect: native, stop }
}
