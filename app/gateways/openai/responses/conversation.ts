import type { NativeMessage } from '../../../domain/native.ts'
import type { NativeContent } from '../content.ts'

/** A call of a tool that a model made. */
export interface MadeCall {
  readonly id: string
  readonly name: string
  readonly arguments: Record<string, unknown>
}

/** Puts together what a model thought, said and called in one go: it is one message for Ollama. */
export interface Conversation {
  think(thinking: string): void
  say(said: NativeContent): void
  call(made: MadeCall): void
  /** Somebody else than the model says something. */
  hear(message: NativeMessage): void
  /** What the call with this id has called; undefined when there was none. */
  calledBy(id: string): string | undefined
  /** All of it; nothing can be added then. */
  end(): NativeMessage[]
}

interface Turn extends NativeMessage {
  tool_calls?: NonNullable<NativeMessage['tool_calls']>
}

/** A conversation in which nothing was said yet. */
export function createConversation(): Conversation {
  const messages: NativeMessage[] = []
  const called = new Map<string, string>()
  let thoughts: string[] = []
  let turn: Turn | null = null

  const begin = (said: NativeContent): Turn => {
    const thinking = thoughts.join('\n\n')
    thoughts = []
    turn = { role: 'assistant', ...said, ...(thinking !== '' && { thinking }) }
    messages.push(turn)
    return turn
  }
  const close = (): void => {
    // What it thought before it was cut off is a turn as well.
    if (thoughts.length > 0) begin({ content: '' })
    turn = null
  }

  return {
    think(thinking) {
      turn = null
      if (thinking !== '') thoughts.push(thinking)
    },
    say(said) {
      // Some say it after their calls.
      if (turn?.content === '') Object.assign(turn, said)
      else begin(said)
    },
    call({ id, name, arguments: given }) {
      called.set(id, name)
      const caller = turn ?? begin({ content: '' })
      const calls = caller.tool_calls ?? []
      const made = { id, function: { index: calls.length, name, arguments: given } }
      caller.tool_calls = [...calls, made]
    },
    hear(message) {
      close()
      messages.push(message)
    },
    calledBy: (id) => called.get(id),
    end() {
      close()
      return messages
    },
  }
}
