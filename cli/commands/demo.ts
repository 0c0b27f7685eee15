import { join } from 'node:path'
import { loadConfig } from '../../app/config.ts'
import type { UsageRecord } from '../../app/domain/usage.ts'
import { createLog } from '../../app/log.ts'
import { type RunningServer, start } from '../../app/main.ts'
import type { Config } from '../../app/settings.ts'
import { actor, withAdminOf } from '../admin.ts'
import { command } from '../command.ts'
import { streamChat } from '../demo/chat.ts'
import { type FoundOllama, findOllama } from '../demo/find-ollama.ts'
import { UsageError } from '../errors.ts'
import { portArg } from '../port-arg.ts'
import { catchSignals } from '../signals.ts'
import { type Column, record } from '../table.ts'

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
  async run({ args, io, out }) {
    if (args.databaseUrl)
      throw new UsageError('the demo makes a database of its own; leave out --database-url')
    const signals = args.once ? null : catchSignals()
    const flags = { dataDir: args.dataDir, port: args.port, ollamaUrls: args.ollamaUrls }
    const given = loadConfig(flags, args.config)
    const ollama = await findOllama(given.ollamaUrls[0] ?? '')
    const dataDir = join(given.dataDir, 'demo')
    const databaseUrl = `sqlite:${join(dataDir, 'parallama.db')}`
    const config = loadConfig(
      { ...flags, dataDir, databaseUrl, ollamaUrls: ollama.url },
      args.config,
    )
    const interrupted = signals?.caught ?? new Promise<never>(() => {})
    const say: Say = args.json ? () => {} : (text) => io.stdout.write(text)
    try {
      const server = await start(config, { log: createLog('warn') })
      try {
        const shown = await Promise.race([show(say, config, ollama, server), interrupted])
        if (!shown) return
        if (args.json) out.record(shown)
        if (!signals) return
        say('\nServing until you press Ctrl-C.\n')
        await signals.untilStopped(server.stop)
      } finally {
        // Twice: nobody waits for the answers that a demo was giving.
        void server.stop()
        await server.stop()
      }
    } finally {
      await ollama.stop()
    }
  },
})

type Say = (text: string) => void

/** Shows everything there is to see, and sums it up. */
async function show(
  say: Say,
  config: Config,
  { model, story }: FoundOllama,
  { url }: RunningServer,
) {
  say(`${story}\nParallama serves at ${url}, with its data in ${config.dataDir}.\n`)
  const key = await makeKey(config)
  say(`User "${USER}" has a new API key: ${key}\n\n${USER} asks ${model}: ${QUESTION}\n`)

  let answer = ''
  const onText = (text: string): void => {
    answer += text
    say(text)
  }
  await streamChat(url, key, { model, question: QUESTION }, onText).finally(() => say('\n'))

  const [usage] = await withAdminOf(config, (admin) =>
    admin.usage.list(USER, { days: 1, limit: 1 }),
  )
  say(`\nThe usage it left behind:\n${usage ? record(usage, COLUMNS) : ''}`)
  say(`\nThe same with curl, while the gateway serves:\n${curlLines(url, key, model)}\n`)
  say(`\nAll of it: parallama usage list ${USER} --data-dir ${config.dataDir}\n`)
  return { url, key, model, answer, usage }
}

const COLUMNS: readonly Column<UsageRecord>[] = [
  { header: 'user', value: () => USER },
  { header: 'key', value: (row) => row.keyId },
  { header: 'operation', value: (row) => `${row.gateway} ${row.operation}` },
  { header: 'model', value: (row) => row.model },
  { header: 'host', value: (row) => row.backend },
  { header: 'prompt tokens', value: (row) => row.promptTokens },
  { header: 'answer tokens', value: (row) => row.completionTokens },
  { header: 'first token', value: (row) => `${row.firstTokenMs} ms` },
  { header: 'total', value: (row) => `${row.totalMs} ms` },
  { header: 'outcome', value: (row) => row.outcome },
]

/** A key that lasts a day, for the demo's own user, who is made when there is none yet. */
async function makeKey(config: Config): Promise<string> {
  return await withAdminOf(config, async ({ users, keys }) => {
    const isThere = (await users.list()).some(({ username }) => username === USER)
    if (!isThere) await users.create(actor(), { username: USER })
    const options = { description: 'made by the demo', expiresAt: Date.now() + KEY_LIFE_MS }
    return (await keys.generate(actor(), USER, options)).key
  })
}

const curlLines = (url: string, key: string, model: string): string =>
  `  export PARALLAMA_KEY=${key}
  curl ${url}/ollama/api/chat -H "Authorization: Bearer $PARALLAMA_KEY" \\
    -d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}'
  curl ${url}/ollama/api/tags -H "Authorization: Bearer $PARALLAMA_KEY"`
