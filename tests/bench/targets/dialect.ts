import { Client } from '../client.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { gatewayOf, type Target } from './target.ts'

/** A Parallama that is running already, asked for its chats in other words; it goes on when this stops. */
export function inWordsOf(dialect: Dialect, parallama: Target): Target {
  const { origin, headers } = gatewayOf(parallama)
  const client = new Client({ url: new URL(dialect.path, origin), headers }, dialect.framing)
  return { ...parallama, name: dialect.name, client, dialect, stop: async () => client.close() }
}
