import { join } from 'node:path'
import { startChild, stopChild, untilReady } from '../child.ts'
import { Client, type Endpoint } from '../client.ts'
import { native } from '../dialects/native.ts'
import type { Target, TargetPlace } from './target.ts'

/** How to run one proxy, and where it then answers chats. */
export type ProxyCommand = {
  name: string
  command: string[]
  env?: Record<string, string>
  /** Where chats go, with the headers that open it. */
  endpoint: Endpoint
  /** Answers 200 once the proxy is ready. */
  readyUrl: URL
}

/** Starts a proxy on the target core and waits until it answers. */
export async function startProxy(place: TargetPlace, proxy: ProxyCommand): Promise<Target> {
  const { name, command, env, endpoint, readyUrl } = proxy
  const child = startChild([...place.pin, ...command], join(place.dir, `${name}.log`), env)
  await untilReady(child, name, async () => ((await fetch(readyUrl)).ok ? true : undefined))
  const client = new Client(endpoint)
  const stop = async () => {
    client.close()
    await stopChild(child)
  }
  return { name, pid: child.pid, client, dialect: native, stop }
}
