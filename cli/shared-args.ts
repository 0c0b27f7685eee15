/** The flags every command takes beside its own. */
export const sharedArgs = {
  json: { type: 'boolean', description: 'print one JSON value instead of text' },
  config: { type: 'string', valueHint: 'file', description: 'configuration file' },
  'data-dir': {
    type: 'string',
    valueHint: 'dir',
    description: 'directory of the database and the secret',
  },
  'database-url': { type: 'string', valueHint: 'url', description: 'sqlite:FILE or postgres://…' },
  help: { type: 'boolean', alias: 'h', description: 'show this help' },
} as const
