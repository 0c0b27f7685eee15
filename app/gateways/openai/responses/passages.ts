import type { TokenLogprob } from '../../../domain/native-answer.ts'
import { logprobsOf } from '../answer.ts'
import type { Status } from './response-object.ts'
import { sealed } from './thinking.ts'

/** An item of one text that comes bit by bit: what the model says, or what it thinks. */
export interface Passage {
  readonly kind: 'message' | 'reasoning'
  readonly id: string
  readonly index: number
  text: string
  readonly logprobs: TokenLogprob[]
}

/** The names of the events that tell of each kind. */
export const PASSAGE_EVENTS = {
  message: {
    partAdded: 'response.content_part.added',
    delta: 'response.output_text.delta',
    done: 'response.output_text.done',
    partDone: 'response.content_part.done',
  },
  reasoning: {
    partAdded: 'response.reasoning_summary_part.added',
    delta: 'response.reasoning_summary_text.delta',
    done: 'response.reasoning_summary_text.done',
    partDone: 'response.reasoning_summary_part.done',
  },
} as const

/** What the ids of each kind begin with. */
export const PASSAGE_PREFIX = { message: 'msg_', reasoning: 'rs_' } as const

/** Where the text is, as each event about it says. */
export const placeOf = ({ kind, id, index }: Passage) => ({
  item_id: id,
  output_index: index,
  ...(kind === 'message' ? { content_index: 0 } : { summary_index: 0 }),
})

/** How likely the tokens of a text were, where a text of that kind has it. */
export const likelihoods = (kind: Passage['kind'], logprobs: readonly TokenLogprob[]): object =>
  kind === 'message' ? { logprobs: logprobsOf(logprobs)?.content ?? [] } : {}

/** The one part of the item. */
export const partOf = ({ kind, text, logprobs }: Passage): object =>
  kind === 'message'
    ? { type: 'output_text', text, annotations: [], ...likelihoods(kind, logprobs) }
    : { type: 'summary_text', text }

/** The item with these parts; a thought is also put in the form in which it is handed back. */
export const passageItem = (
  { kind, id, text }: Passage,
  status: Status,
  parts: readonly object[],
  seals: boolean,
): object =>
  kind === 'message'
    ? { id, type: 'message', status, role: 'assistant', content: parts }
    : {
        id,
        type: 'reasoning',
        status,
        summary: parts,
        ...(seals && { encrypted_content: sealed(text) }),
      }
