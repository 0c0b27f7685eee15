/** How a stream is cut into records: lines, or server-sent events. */
export type Framing = 'lines' | 'events'

/** A small chat request. `records` bounds a stream, `together` has all streams decode in step. */
export type Chat = { model: string; records?: number; together?: boolean }

/** How an API has chats asked for, and how it answers them. */
export type Dialect = {
  name: string
  /** Where a Parallama has it. */
  path: string
  framing: Framing
  /** The body of a request that is answered in one piece. */
  whole: (model: string) => string
  /** The body of a streamed request. */
  streamed: (chat: Chat) => string
  /** In how many lines or events it tells so many records. */
  pieces: (records: number) => number
  /** What stands in the last bytes of an answer that is whole. */
  closing: { whole: string; streamed: string }
}

/** What every chat here says. */
export const MESSAGES = [{ role: 'user', content: 'Why is the sky blue?' }]

/** What has the simulated upstream decode a chat in step with the others. */
export const inStep = ({ together }: Chat) => (together ? { temperature: 0 } : {})
