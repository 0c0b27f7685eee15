import { describe, expect, test } from 'bun:test'
import { anthropicDialect } from '../../../app/errors/anthropic.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import { ollamaDialect } from '../../../app/errors/ollama.ts'
import { openAiDialect } from '../../../app/errors/openai.ts'
import { renderError } from '../../../app/errors/render.ts'

const ID = 'req-1'
const CAUSE = new Error('SELECT digest FROM api_keys at /var/lib/parallama')

describe('what ends a stream in which something failed', () => {
  const details = { error: 'other', code: 'other', limit: { unit: 'tokens' } }
  const failure = new GatewayError('limit_reached', 'la\nter', { details, cause: CAUSE })

  test('is a line of its own for native clients, with the details after its own members', () => {
    expect(ollamaDialect.ending(failure, ID)).toBe(
      '{"error":"la\\nter","code":"limit_reached","limit":{"unit":"tokens"}}\n',
    )
  })

  test('is an event with an error object for clients of OpenAI, so that they throw', () => {
    const event = openAiDialect.ending(failure, ID)
    expect(event).toMatch(/^data: \{.*\}\n\n$/)
    expect(JSON.parse(event.slice(6))).toEqual({
      error: {
        message: 'la\nter',
        type: 'rate_limit_error',
        param: null,
        code: 'rate_limit_exceeded',
        error: 'other',
        limit: { unit: 'tokens' },
      },
    })
  })

  test('is an event of the type error for clients of Anthropic', () => {
    const [name, data = ''] = anthropicDialect.ending(failure, ID).split('\n')
    expect(name).toBe('event: error')
    expect(JSON.parse(data.slice(6))).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error', message: 'la\nter' },
      request_id: ID,
    })
  })
})

test.each([
  ['unauthorized', 'authentication_error', 'invalid_api_key'],
  ['forbidden', 'permission_error', 'forbidden'],
  ['bad_request', 'invalid_request_error', 'bad_request'],
  ['model_not_found', 'invalid_request_error', 'model_not_found'],
  ['limit_reached', 'rate_limit_error', 'rate_limit_exceeded'],
  ['not_implemented', 'api_error', 'not_implemented'],
  ['gateway_disabled', 'overloaded_error', 'gateway_disabled'],
] as const)('OpenAI reads %s as the type %s with the code %s', async (code, type, word) => {
  const err = new GatewayError(code, 'text', { field: 'messages[0].content' })
  expect(await renderError(err, openAiDialect, ID).json()).toEqual({
    error: { message: 'text', type, param: 'messages[0].content', code: word },
  })
})

test.each([
  ['unauthorized', 'authentication_error'],
  ['forbidden', 'permission_error'],
  ['bad_request', 'invalid_request_error'],
  ['model_not_found', 'not_found_error'],
  ['body_too_large', 'request_too_large'],
  ['limit_reached', 'rate_limit_error'],
  ['upstream_error', 'api_error'],
  ['busy', 'overloaded_error'],
] as const)('Anthropic reads %s as the type %s', async (code, type) => {
  expect(await renderError(new GatewayError(code, 'text'), anthropicDialect, ID).json()).toEqual({
    type: 'error',
    error: { type, message: 'text', code },
    request_id: ID,
  })
})
