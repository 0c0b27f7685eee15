import { integer } from './arg-values.ts'

/** The flag `--port`, of every command that listens. */
export const portArg = {
  type: 'string',
  valueHint: 'n',
  description: 'port to listen on; 0 for any free one',
  parse: integer({ min: 0, max: 65_535 }),
} as const
