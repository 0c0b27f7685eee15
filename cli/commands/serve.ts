import { loadConfig } from '../../app/config.ts'
import { createLog, type Log } from '../../app/log.ts'
import { start } from '../../app/main.ts'
import { type Config, LOG_LEVELS } from '../../app/settings.ts'
import { command } from '../command.ts'
import { portArg } from '../port-arg.ts'
import { catchSignals } from '../signals.ts'

const LOOK_TIMEOUT_MS = 2000

/** A database driver that fails in a timer of its own must not end everybody's answers. */
function surviveDrivers(log: Log): void {
  const tell = (err: unknown): void => log.error({ err }, 'a failure that nobody handled')
  process.on('unhandledRejection', tell)
  process.on('uncaughtException', tell)
}

/** Says early what would otherwise show at the first request. */
async function warnWithoutOllama({ ollamaUrls }: Config, log: Log): Promise<void> {
  const signal = AbortSignal.timeout(LOOK_TIMEOUT_MS)
  const answers = ollamaUrls.map((url) => fetch(`${url}/api/version`, { signal }))
  await Promise.any(answers).catch(() => log.warn({ ollama: ollamaUrls }, 'no Ollama answers yet'))
}

export const serve = command({
  meta: {
    name: 'serve',
    description: 'Start the gateway',
    examples: ['parallama serve --port 8000 --ollama-urls http://gpu1:11434,http://gpu2:11434'],
  },
  args: {
    host: { type: 'string', valueHint: 'address', description: 'address to listen on' },
    port: portArg,
    'ollama-urls': { type: 'string', valueHint: 'list', description: 'the Ollama hosts' },
    'log-level': { type: 'enum', options: [...LOG_LEVELS], description: 'how much to log' },
    migrate: {
      type: 'boolean',
      default: true,
      description: 'bring the database schema up to date first',
      negativeDescription: 'refuse to start on an old database schema',
    },
  },
  async run({ args }) {
    const { host, port, ollamaUrls, logLevel, dataDir, databaseUrl } = args
    const flags = { host, port, ollamaUrls, logLevel, dataDir, databaseUrl }
    const config = loadConfig(flags, args.config)
    const log = createLog(config.logLevel)
    const signals = catchSignals()
    const server = await start(config, { log, migrate: args.migrate ? 'always' : 'never' })
    surviveDrivers(log)
    void warnWithoutOllama(config, log)
    await signals.untilStopped(server.stop)
  },
})
