import { join } from 'node:path'
import { loadConfig } from '../../app/config.ts'
import { createLog } from '../../app/log.ts'
import { type RunningServer, start } from '../../app/main.ts'
import type { Config } from '../../app/settings.ts'
import { actor, withAdminOf } from '../admin.ts'
import { command } from '../command.ts'
import { streamChat } from '../demo/chat.ts'
import { type FoundOllama, findOllama } from '../demo/find-ollama.ts'
import { portArg } from '../port-arg.ts'
import { catchSignals, type Signals } from '../signals.ts'
import type { Sink } from '../sink.ts'
import { record } from '../table.ts'
import { usageColumns } from './usage.ts'

const USER = 'demo'
const QUESTION = 'In two sentences: why do people share a GPU?'
const KEY_LIFE_MS = 86_400_000

export const demo = command({
  meta: {
    name: 'demo',
    description: 'See it work: a gateway, a user, a key, one chat, and the usage it leaves',
  },
  args: {
    port: portArg,
    'ollama-urls': { type: 'string', valueHint: 'list', description: 'where Ollama is' },
    once: { type: 'boolean', description: 'end after the chat' },
  },
  async run({ args, io }) {
    const signals = args.once ? null : catchSignals()
    const given = loadConfig(
      { dataDir: args.dataDir, port: args.port, ollamaUrls: args.ollamaUrls },
      args.config,
    )
    const ollama = await findOllama(given.ollamaUrls[0] ?? '')
    const dataDir = join(given.dataDir, 'demo')
    const config = loadConfig(
      {
        dataDir,
        databaseUrl: `sqlite:${join(dataDir, 'parallama.db')}`,
        port: args.port,
        ollamaUrls: ollama.url,
      },
      args.config,
    )
    try {
      const server = await start(config, { log: createLog('warn') })
      try {
        await show(io.stdout, config, ollama, server)
        if (signals) await serveOn(io.stdout, server, signals)
      } finally {
        await server.stop()
      }
    } finally {
      await ollama.stop()
    }
  },
})

async function show(
  stdout: Sink,
  config: Config,
  { model, story }: FoundOllama,
  { url }: RunningServer,
): Promise<void> {
  const say = (text: string): void => stdout.write(`${text}\n`)
  say(`${story}\nParallama serves at ${url}, with its data in ${config.dataDir}.`)
  const key = await makeKey(config)
  say(`User "${USER}" has a new API key: ${key}\n`)

  say(`${USER} asks ${model}: ${QUESTION}`)
  await streamChat(url, key, { model, question: QUESTION }, (text) => stdout.write(text))

  say('\n\nThe usage it left behind:')
  const [row] = await withAdminOf(config, ({ usage }) => usage.list(USER, { days: 1, limit: 1 }))
  if (row) stdout.write(record(row, usageColumns))
  say(`\nThe same with curl:\n${curlLines(url, key, model)}`)
}

/** A key that lasts a day, for the demo's own user, who is made when he is not there yet. */
async function makeKey(config: Config): Promise<string> {
  return await withAdminOf(config, async ({ users, keys }) => {
    const isThere = (await users.list()).some(({ username }) => username === USER)
    if (!isThere) await users.create(actor(), { username: USER })
    const options = { description: 'made by the demo', expiresAt: Date.now() + KEY_LIFE_MS }
    return (await keys.generate(actor(), USER, options)).key
  })
}

const curlLines = (url: string, key: string, model: string): string =>
  `  curl ${url}/ollama/api/chat -H "Authorization: Bearer ${key}" \\
    -d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}'
  curl ${url}/ollama/api/tags -H "Authorization: Bearer ${key}"`

async function serveOn(stdout: Sink, server: RunningServer, signals: Signals): Promise<void> {
  stdout.write('\nServing until you press Ctrl-C.\n')
  await signals.untilStopped(server.stop)
}
