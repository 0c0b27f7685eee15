import { describe, expect, test } from 'bun:test'
import { embeddingsRequest, embedRequest } from '../../../app/domain/native.ts'
import { embedForUpstream } from '../../../app/upstream/policy.ts'
import { ANYONE, allowing, chat, generate, json, MANAGER, MODEL } from './policies.ts'

describe('keep_alive and shift', () => {
  test('of anyone are left out: the last one would decide for everybody', () => {
    const sent = chat({ keep_alive: -1, shift: false }, ANYONE)
    expect(sent).not.toHaveProperty('keep_alive')
    expect(sent).not.toHaveProperty('shift')
    expect(generate({ keep_alive: '24h', shift: true }, ANYONE)).not.toHaveProperty('keep_alive')
  })

  test('of a manager are sent, keep_alive also of anyone where that is open', () => {
    expect(chat({ keep_alive: -1, shift: false }, MANAGER)).toMatchObject({
      keep_alive: -1,
      shift: false,
    })
    expect(chat({ keep_alive: '5m', shift: false }, allowing('keep_alive'))).toMatchObject({
      keep_alive: '5m',
    })
  })
})

describe('unloading a model', () => {
  const UNLOADS = [0, -0, '0', '0s', '0m', '0h0m0s', '0.0s', '+0', '-0s', ' 0', '.0s']

  test.each(UNLOADS)(
    'with keep_alive %j and nothing to answer takes models:manage',
    (keep_alive) => {
      for (const policy of [ANYONE, allowing('keep_alive')]) {
        for (const empty of [{ messages: [] }, { messages: null }, { messages: undefined }]) {
          expect(() => chat({ ...empty, keep_alive }, policy)).toThrow('models:manage')
        }
        expect(() => generate({ prompt: '', keep_alive }, policy)).toThrow('models:manage')
        expect(() => generate({ prompt: undefined, keep_alive }, policy)).toThrow('models:manage')
      }
      expect(chat({ messages: [], keep_alive }, MANAGER)).toHaveProperty('keep_alive')
      expect(generate({ prompt: '', keep_alive }, MANAGER)).toHaveProperty('keep_alive')
    },
  )

  test('is not what loading it is, or answering and forgetting', () => {
    expect(chat({ messages: [] }, ANYONE).messages).toEqual([])
    expect(chat({ messages: [], keep_alive: '5m' }, ANYONE)).not.toHaveProperty('keep_alive')
    expect(chat({ keep_alive: 0 }, ANYONE)).not.toHaveProperty('keep_alive')
    expect(generate({ prompt: '' }, ANYONE).prompt).toBe('')
  })
})

describe.each([
  ['context', [1, 2]],
  ['raw', true],
  ['system', 'you are'],
  ['template', '{{ .Prompt }}'],
])('the field %s', (field, value) => {
  test('takes models:manage, unless it is open to everybody', () => {
    expect(() => generate({ [field]: value }, ANYONE)).toThrow(
      `the field "${field}" takes the permission models:manage here`,
    )
    expect(generate({ [field]: value }, allowing(field))[field]).toEqual(value)
    expect(generate({ [field]: value }, MANAGER)[field]).toEqual(value)
  })

  test('does no harm when it says nothing', () => {
    for (const nothing of [null, undefined].slice(
      field === 'system' || field === 'template' ? 1 : 0,
    )) {
      expect(generate({ [field]: nothing }, ANYONE).prompt).toBe('hi')
    }
  })
})

test('a refusal is 403 for what is not permitted and 400 for what makes no sense', () => {
  expect(() => generate({ raw: true }, ANYONE)).toThrow(expect.objectContaining({ status: 403 }))
  expect(() => chat({ messages: [], keep_alive: 0 }, ANYONE)).toThrow(
    expect.objectContaining({ status: 403 }),
  )
  expect(() => chat({ options: { num_ctx: 'x' } }, ANYONE)).toThrow(
    expect.objectContaining({ status: 400 }),
  )
})

test('embeddings predict nothing, keep to the same options, and let nobody unload', () => {
  const body = { model: 'x', input: ['a'], keep_alive: 0, options: { num_ctx: 9e5, num_gpu: 0 } }
  expect(json(embedForUpstream(embedRequest.parse(body), MODEL, ANYONE))).toEqual({
    model: MODEL,
    input: ['a'],
    options: { num_ctx: 8192 },
  })
  const old = embeddingsRequest.parse({ model: 'x', prompt: 'a', keep_alive: 0 })
  expect(json(embedForUpstream(old, MODEL, ANYONE))).toEqual({
    model: MODEL,
    prompt: 'a',
    options: {},
  })
  expect(json(embedForUpstream(old, MODEL, MANAGER))).toHaveProperty('keep_alive', 0)
})
