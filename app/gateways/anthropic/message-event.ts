import { namedEvent } from '../event-stream.ts'

/** An event of Anthropic's, named as its data says. */
export const messageEvent = (type: string, members: object = {}): string =>
  namedEvent(type, { type, ...members })
