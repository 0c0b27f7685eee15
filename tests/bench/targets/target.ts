import type { Client } from '../client.ts'
import type { Dialect } from '../dialects/dialect.ts'
import type { Mock } from '../mock.ts'
import type { Redis } from '../redis.ts'

/** Something a request goes through: a proxy under measurement, or nothing at all (`direct`). */
export type Target = {
  name: string
  /** The process whose CPU and memory count; undefined for `direct`. */
  pid: number | undefined
  client: Client
  /** The words in which it is asked for chats. */
  dialect: Dialect
  /** Where it keeps its limits, if that is a Redis of its own. */
  redis?: Redis
  /** What else there is of a Parallama than its chats. */
  gateway?: Gateway
  stop: () => Promise<void>
}

/** Where a Parallama is, the environment that configures it, and the headers that open it. */
export type Gateway = {
  origin: string
  env: Record<string, string>
  headers: Record<string, string>
}

/** What starting a target takes. */
export type TargetPlace = {
  /** A directory of its own, removed afterwards. */
  dir: string
  /** Command prefix that pins the target to its core. */
  pin: string[]
  /** Upstreams; targets without model routing use the first. */
  upstreams: Mock[]
}

/** The Parallama behind a target. Throws when it is something else. */
export function gatewayOf({ name, gateway }: Target): Gateway {
  if (!gateway) throw new Error(`${name} is no Parallama`)
  return gateway
}

/** The first upstream. Throws when there is none. */
export function onlyUpstream(place: TargetPlace): Mock {
  const [mock] = place.upstreams
  if (!mock) throw new Error('a target needs an upstream')
  return mock
}
