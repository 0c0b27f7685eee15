import { expect, test } from 'bun:test'
import { anthropicDialect } from '../../../../app/errors/anthropic.ts'
import { decoded } from './decode.ts'
import { refusalOf } from './refusal.ts'

test.each([
  { type: 'create' },
  { type: 'continue', previous_message_id: 'msg_1' },
  {},
  'msg_1',
  false,
])('a thread is refused so that clients send the whole conversation instead: %j', (thread) => {
  const refusal = refusalOf(() => decoded({ thread }))
  expect(refusal).toMatchObject({ status: 400, field: 'thread' })
  const body = refusal && JSON.parse(anthropicDialect.body(refusal, 'id'))
  expect(body.error).toEqual({
    type: 'invalid_request_error',
    message: 'thread: nothing is kept here; send the whole conversation, without a thread',
    code: 'bad_request',
    details: { error_code: 'thread_unsupported_request', unsupported: [] },
  })
})
