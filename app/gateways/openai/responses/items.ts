import type { AnswerToolCall, TokenLogprob } from '../../../domain/native-answer.ts'
import { idOf } from '../../id-of.ts'
import { callItemOf } from './call-item.ts'
import {
  likelihoods,
  PASSAGE_EVENTS,
  PASSAGE_PREFIX,
  type Passage,
  partOf,
  passageItem,
  placeOf,
} from './passages.ts'
import type { ResponseRequest } from './request.ts'

/** Of so many tokens it is repeated at the end how likely they were; of all it was told with them. */
const MOST_REPEATED = 10_000

/** What it takes to make items. */
export interface ItemsNeeds extends Pick<ResponseRequest, 'toolsByName' | 'sealsThinking'> {
  readonly newId: () => string
  /** Called for each event, in their order. */
  readonly tell: (event: string, fields: object) => void
}

/** The items of an answer, one after the other; only the last of them can be open. */
export interface Items {
  /** Adds to the text of the open item, or of a new one. */
  write(kind: Passage['kind'], delta: string, logprobs?: readonly TokenLogprob[]): void
  addCall(call: AnswerToolCall): void
  /** No more comes. An answer that says nothing at all has a message that says so. */
  end(status: 'completed' | 'incomplete'): void
  /** All of them; one that is open is not whole. */
  all(): readonly object[]
}

/** Items of an answer that begins. */
export function createItems({ toolsByName, sealsThinking, newId, tell }: ItemsNeeds): Items {
  const closed: object[] = []
  let open: Passage | null = null

  const begin = (kind: Passage['kind']): Passage => {
    close('completed')
    const id = idOf(PASSAGE_PREFIX[kind], newId)
    open = { kind, id, index: closed.length, text: '', logprobs: [] }
    const item = passageItem(open, 'in_progress', [], false)
    tell('response.output_item.added', { output_index: open.index, item })
    tell(PASSAGE_EVENTS[kind].partAdded, { ...placeOf(open), part: partOf(open) })
    return open
  }

  const close = (status: 'completed' | 'incomplete'): void => {
    if (!open) return
    const { kind, text, logprobs, index } = open
    const [place, part] = [placeOf(open), partOf(open)]
    const item = passageItem(open, status, [part], sealsThinking)
    open = null
    closed.push(item)
    tell(PASSAGE_EVENTS[kind].done, { ...place, text, ...likelihoods(kind, logprobs) })
    tell(PASSAGE_EVENTS[kind].partDone, { ...place, part })
    tell('response.output_item.done', { output_index: index, item })
  }

  return {
    write(kind, delta, logprobs = []) {
      const passage = open?.kind === kind ? open : begin(kind)
      passage.text += delta
      if (passage.logprobs.length < MOST_REPEATED) passage.logprobs.push(...logprobs)
      const likely = likelihoods(kind, logprobs)
      tell(PASSAGE_EVENTS[kind].delta, { ...placeOf(passage), delta, ...likely })
    },
    addCall(call) {
      close('completed')
      const output_index = closed.length
      const told = callItemOf(call, toolsByName.get(call.function.name), newId)
      const { id, name, item, field, given, events } = told
      closed.push(item)
      const place = { item_id: id, output_index }
      const begun = { ...item, status: 'in_progress', [field]: '' }
      tell('response.output_item.added', { output_index, item: begun })
      tell(`${events}.delta`, { ...place, delta: given })
      tell(`${events}.done`, { ...place, name, [field]: given })
      tell('response.output_item.done', { output_index, item })
    },
    end(status) {
      if (!open && closed.length === 0) begin('message')
      close(status)
    },
    all: () =>
      open
        ? [...closed, passageItem(open, 'incomplete', [partOf(open)], sealsThinking)]
        : [...closed],
  }
}
