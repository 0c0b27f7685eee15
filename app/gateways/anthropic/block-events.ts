import { textBlock, thinkingBlock, type toolUseBlock } from './answer.ts'
import { messageEvent } from './message-event.ts'

/** Tells the blocks of one message, one after the other, each in its parts. */
export interface BlockEvents {
  /** What the model thinks next. */
  think(thinking: string): string
  /** What it says next. */
  say(text: string): string
  /** What it calls. */
  call(block: ReturnType<typeof toolUseBlock>): string
  /** Ends the block to which more words could have belonged. */
  close(): string
}

const PART = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":'

/** The events of a message's blocks; none is told yet. */
export function blockEvents(): BlockEvents {
  let index = 0
  /** The kind of block to which the next words may belong. */
  let open: 'thinking' | 'text' | null = null

  const start = (content_block: object): string =>
    messageEvent('content_block_start', { index, content_block })

  // Nearly all that is told are parts: only what differs between them is made into JSON.
  const part = (type: string, field: string, words: string): string =>
    `${PART}${index},"delta":{"type":"${type}","${field}":${JSON.stringify(words)}}}\n\n`

  const stop = (): string => messageEvent('content_block_stop', { index: index++ })

  const close = (): string => {
    if (open === null) return ''
    open = null
    return stop()
  }

  return {
    think(thinking) {
      if (thinking === '') return ''
      const before = open === 'thinking' ? '' : close() + start(thinkingBlock(''))
      open = 'thinking'
      return before + part('thinking_delta', 'thinking', thinking)
    },
    say(text) {
      if (text === '') return ''
      const before = open === 'text' ? '' : close() + start(textBlock(''))
      open = 'text'
      return before + part('text_delta', 'text', text)
    },
    call({ input, ...block }) {
      const begun = close() + start({ ...block, input: {} })
      return begun + part('input_json_delta', 'partial_json', JSON.stringify(input)) + stop()
    },
    close,
  }
}
