import { expect, test } from 'bun:test'
import type Anthropic from '@anthropic-ai/sdk'
import {
  emptyMessage,
  messageEnd,
  wholeMessage,
} from '../../../../app/gateways/anthropic/answer.ts'
import { estimateOf } from '../../../../app/gateways/anthropic/count-tokens.ts'
import { toAnthropicModel } from '../../../../app/gateways/anthropic/models.ts'
import { chatDone, toolCall } from '../../../support/fake-ollama/records.ts'
import { telling } from './telling.ts'

/** Older clients of others refuse a text whose `citations` are null, so there are none. */
type Uncited<Block> = Block extends { type: 'text' } ? Omit<Block, 'citations'> : Block
type Told<Message extends { content: unknown[] }> = Omit<Message, 'content'> & {
  content: Uncited<Message['content'][number]>[]
}
type Ending<Event> = Omit<Event, 'type'>

const answer = chatDone(
  'm',
  { tokens: 3 },
  { thinking: 'hm', content: 'Hi', tool_calls: [toolCall(0, 'clock', {})] },
)
const entry = { name: 'm', model: 'm', modified_at: '', size: 1, digest: '' }

test("what is told has all that the types of Anthropic's client say is always there", () => {
  const told = [
    emptyMessage(telling()) satisfies Anthropic.Message & Anthropic.Beta.BetaMessage,
    wholeMessage(answer as object, telling()) satisfies Told<Anthropic.Message> &
      Told<Anthropic.Beta.BetaMessage>,
    messageEnd(answer, true, telling()) satisfies Ending<Anthropic.RawMessageDeltaEvent> &
      Ending<Anthropic.Beta.BetaRawMessageDeltaEvent>,
    estimateOf({ messages: [] }) satisfies Anthropic.MessageTokensCount &
      Anthropic.Beta.BetaMessageTokensCount,
    toAnthropicModel({
      name: 'm',
      canonical: 'm',
      cloud: false,
      entry,
    }) satisfies Anthropic.ModelInfo & Anthropic.Beta.BetaModelInfo,
  ]
  // JSON leaves out what is undefined.
  for (const one of told) expect(JSON.parse(JSON.stringify(one))).toStrictEqual(one)
})
