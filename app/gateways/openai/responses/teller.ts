import type { ChatRecord } from '../../../domain/native-answer.ts'
import type { GatewayError } from '../../../errors/gateway-error.ts'
import { openAiError } from '../../../errors/openai.ts'
import type { IdentityNeeds } from '../answer.ts'
import { createItems } from './items.ts'
import type { ResponseRequest } from './request.ts'
import { type AnswerBasis, type Progress, responseOf } from './response-object.ts'

/** How an answer is told. */
export interface Telling
  extends Omit<ResponseRequest, 'chat' | 'effort'>,
    AnswerBasis,
    IdentityNeeds {}

/** Makes a response of what the model says, and tells each step. */
export interface Teller {
  /** Takes the next record; the last one ends the answer. */
  take(record: ChatRecord): void
  /** Ends the answer as one that failed. */
  fail(err: GatewayError): void
  /** The answer as it stands. */
  response(): object
}

const BEGUN: Omit<Progress, 'output'> = {
  status: 'in_progress',
  record: null,
  completedAt: null,
  failure: null,
}

/** `tell` is called for each event, in their order. */
export function createTeller(
  telling: Telling,
  tell: (event: string, fields: object) => void,
): Teller {
  const { callsInParallel, clock } = telling
  const items = createItems({ ...telling, tell })
  let progress = BEGUN
  let hasBegun = false
  let calls = 0

  const response = (): object => responseOf(telling, { ...progress, output: items.all() })

  const begin = (): void => {
    if (hasBegun) return
    hasBegun = true
    tell('response.created', { response: response() })
    tell('response.in_progress', { response: response() })
  }

  const end = (record: ChatRecord): void => {
    const status = record.done_reason === 'length' ? 'incomplete' : 'completed'
    items.end(status)
    const completedAt = status === 'completed' ? Math.floor(clock.now() / 1000) : null
    progress = { ...BEGUN, status, record, completedAt }
    tell(`response.${status}`, { response: response() })
  }

  return {
    take(record) {
      begin()
      const { content = '', thinking, tool_calls } = record.message ?? {}
      if (thinking) items.write('reasoning', thinking)
      if (content !== '') items.write('message', content, record.logprobs)
      for (const call of tool_calls ?? []) {
        if (calls++ === 0 || callsInParallel) items.addCall(call)
      }
      if (record.done) end(record)
    },
    fail(err) {
      begin()
      progress = { ...BEGUN, status: 'failed', failure: err.message }
      tell('response.failed', { response: response() })
      const { error } = openAiError(err)
      const { code, message, param } = error
      // As it is documented, and within it as OpenAI sends it and most clients look for it.
      tell('error', { code, message, param, error })
    },
    response,
  }
}
