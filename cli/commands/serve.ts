import { loadConfig } from '../../app/config.ts'
import { createLog } from '../../app/log.ts'
import { liftUpstreamLimit, start } from '../../app/main.ts'
import { command } from '../command.ts'
import { untilToldToStop } from '../signals.ts'

export const serve = command({
  meta: {
    name: 'serve',
    description: 'Start the gateway',
    examples: ['parallama serve --port 8000 --ollama-urls http://gpu1:11434,http://gpu2:11434'],
  },
  args: {
    host: { type: 'string', valueHint: 'address', description: 'address to listen on' },
    port: { type: 'string', valueHint: 'n', description: 'port to listen on; 0 for any free one' },
    'ollama-urls': { type: 'string', valueHint: 'list', description: 'the Ollama hosts' },
    'log-level': {
      type: 'string',
      valueHint: 'level',
      description: 'debug, info, warn, error or silent',
    },
    migrate: {
      type: 'boolean',
      default: true,
      description: 'bring the database schema up to date first',
      negativeDescription: 'refuse to start on an old database schema',
    },
  },
  async run({ args }) {
    liftUpstreamLimit()
    const { host, port, ollamaUrls, logLevel, dataDir, databaseUrl } = args
    const flags = { host, port, ollamaUrls, logLevel, dataDir, databaseUrl }
    const config = loadConfig(flags, args.config)
    const log = createLog(config.logLevel)
    const server = await start(config, { log, migrate: args.migrate ? 'always' : 'never' })
    await untilToldToStop(server.stop)
  },
})
