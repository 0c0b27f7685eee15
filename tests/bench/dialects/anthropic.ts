import { type Dialect, inStep, MESSAGES } from './dialect.ts'

/** More than any answer here has. */
const MAX_TOKENS = 4096

/** Anthropic's messages. */
export const anthropic: Dialect = {
  name: 'anthropic',
  path: '/anthropic/v1/messages',
  framing: 'events',
  whole: (model) => JSON.stringify({ model, messages: MESSAGES, max_tokens: MAX_TOKENS }),
  streamed: (chat) => {
    const asked = { model: chat.model, messages: MESSAGES, max_tokens: chat.records ?? MAX_TOKENS }
    return JSON.stringify({ ...asked, stream: true, ...inStep(chat) })
  },
  // The message and its block begin before the first record; the last says that both end, and why.
  pieces: (records) => 2 + (records - 1) + 3,
  closing: { whole: '"stop_reason":"end_turn"', streamed: 'event: message_stop\n' },
}
