/**
 * A gateway of its own until its standard input ends: `bun replica.ts SETTINGS-AS-JSON`. Its address is
 * its first line; each further line is a warning.
 */
import { loadConfig } from '../../../../app/config.ts'
import { describeError } from '../../../../app/log.ts'
import { start } from '../../../../app/main.ts'

const say = (fields: object, message: string): void => {
  process.stdout.write(`${message} ${JSON.stringify(fields, withErrors)}\n`)
}
const withErrors = (_: string, value: unknown): unknown =>
  value instanceof Error ? describeError(value) : value

const config = loadConfig(JSON.parse(process.argv[2] ?? '{}'), undefined, {})
const log = { debug() {}, info() {}, warn: say, error: say }
const server = await start(config, { log })
process.stdout.write(`${server.url}\n`)
await new Promise((resolve) => process.stdin.on('end', resolve).resume())
await server.stop()
process.exit(0)
