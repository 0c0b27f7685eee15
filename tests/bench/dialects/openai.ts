import { type Dialect, inStep, MESSAGES } from './dialect.ts'

/** OpenAI's chat completions. */
export const openai: Dialect = {
  name: 'openai',
  path: '/openai/v1/chat/completions',
  framing: 'events',
  whole: (model) => JSON.stringify({ model, messages: MESSAGES, stream: false }),
  streamed: (chat) => {
    const asked = { model: chat.model, messages: MESSAGES, max_completion_tokens: chat.records }
    return JSON.stringify({ ...asked, stream: true, ...inStep(chat) })
  },
  // The last record says nothing but why the answer ended; [DONE] comes after it.
  pieces: (records) => records + 1,
  closing: { whole: '"finish_reason":"stop"', streamed: 'data: [DONE]\n\n' },
}
