import { join } from 'node:path'
import { freePort } from '../child.ts'
import { startProxy } from './proxy.ts'
import { onlyUpstream, type Target, type TargetPlace } from './target.ts'

/** The yardstick of bare-proxy.ts, in a process of its own. */
export async function startBare(place: TargetPlace): Promise<Target> {
  const port = freePort()
  const script = join(import.meta.dir, '..', 'bare-proxy.ts')
  const base = `http://127.0.0.1:${port}`
  return startProxy(place, {
    name: 'bare',
    command: [process.execPath, script, String(port), onlyUpstream(place).url.origin],
    endpoint: { url: new URL('/api/chat', base), headers: {} },
    readyUrl: new URL('/api/version', base),
  })
}
