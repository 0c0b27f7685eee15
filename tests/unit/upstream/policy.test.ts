import { describe, expect, test } from 'bun:test'
import { ANYONE, chat, generate, MANAGER, MODEL } from './policies.ts'

describe('the options of somebody who does not manage models', () => {
  test.each<[string, object, object]>([
    ['a limit of output when none is asked for', {}, { num_predict: 1000 }],
    ['a limit when no limit is asked for', { num_predict: -1 }, { num_predict: 1000 }],
    ['a limit when the whole context is asked for', { num_predict: -2 }, { num_predict: 1000 }],
    ['a limit when null is asked for', { num_predict: null }, { num_predict: 1000 }],
    ['no more output than allowed', { num_predict: 1e9 }, { num_predict: 1000 }],
    ['less output when that is asked for', { num_predict: 7 }, { num_predict: 7 }],
    ['no more context than allowed', { num_ctx: 262_144 }, { num_ctx: 8192, num_predict: 1000 }],
    ['less context when asked for', { num_ctx: 2048 }, { num_ctx: 2048, num_predict: 1000 }],
    ['a context of at least one token', { num_ctx: -5 }, { num_ctx: 1, num_predict: 1000 }],
    [
      'nothing that reloads the model',
      {
        num_gpu: 0,
        main_gpu: 1,
        num_thread: 999,
        num_batch: 1,
        use_mmap: false,
        draft_num_predict: 9,
      },
      { num_predict: 1000 },
    ],
    [
      'nothing unknown',
      { low_vram: true, numa: 1, NUM_CTX: 9, constructor: 1 },
      { num_predict: 1000 },
    ],
    [
      'all that only shapes the answer',
      { temperature: 0, seed: 1, top_k: 2, top_p: 0.5, min_p: 0, stop: ['a'], num_keep: null },
      { temperature: 0, seed: 1, top_k: 2, top_p: 0.5, min_p: 0, stop: ['a'], num_predict: 1000 },
    ],
  ])('have %s', (_, options, expected) => {
    expect(chat({ options }, ANYONE).options).toEqual({ ...expected })
    expect(generate({ options }, ANYONE).options).toEqual({ ...expected })
  })

  test('have no context size where none may be chosen', () => {
    expect(chat({ options: { num_ctx: 10 } }, { ...ANYONE, maxContextTokens: 0 }).options).toEqual({
      num_predict: 1000,
    })
  })

  test('are there though none were sent, or null was', () => {
    expect(chat({ options: null }, ANYONE).options).toEqual({ num_predict: 1000 })
    expect(generate({}, ANYONE).options).toEqual({ num_predict: 1000 })
  })
})

test('the options of somebody who manages models are his own, as far as they are known', () => {
  const options = { num_predict: -1, num_ctx: 262_144, num_gpu: 0, use_mmap: false, seed: 4 }
  expect(chat({ options: { ...options, low_vram: true } }, MANAGER).options).toEqual(options)
  expect(chat({}, MANAGER).options).toEqual({})
})

describe.each([
  ['anyone', ANYONE],
  ['a manager', MANAGER],
] as const)('for %s', (_, policy) => {
  test.each(['num_ctx', 'num_predict'])('%s must be a whole number', (name) => {
    for (const value of ['100', 1.5, true, [1], {}, 2 ** 60]) {
      expect(() => chat({ options: { [name]: value } }, policy)).toThrow(
        `options.${name}: must be a whole number`,
      )
    }
  })

  test('at most 32 stop texts', () => {
    const stop = (count: number) => ({ options: { stop: Array(count).fill('x') } })
    expect(chat(stop(32), policy).options.stop).toHaveLength(32)
    expect(() => chat(stop(33), policy)).toThrow('options.stop: at most 32 stop texts')
  })

  test('at most 64 KiB of schema, for the answer and for each tool', () => {
    const large = { type: 'object', description: 'x'.repeat(64 * 1024) }
    expect(() => chat({ format: large }, policy)).toThrow('format: at most 65536 bytes')
    expect(() => generate({ format: large }, policy)).toThrow('format: at most 65536 bytes')
    const small = { type: 'function', description: 'x'.repeat(60 * 1024) }
    expect(() => chat({ tools: [small, large] }, policy)).toThrow('tools[1]: at most 65536 bytes')
    expect(chat({ tools: Array(4).fill(small) }, policy).tools).toHaveLength(4)
    expect(
      chat({ format: { type: 'object' }, tools: [{ type: 'function' }] }, policy),
    ).toMatchObject({
      format: { type: 'object' },
      tools: [{ type: 'function' }],
    })
  })

  test('at most 20 images and 20 MiB of them, over all messages together', () => {
    const message = (images: string[]) => ({ role: 'user', content: '', images })
    const many = [message(Array(15).fill('AAAA')), message(Array(15).fill('AAAA'))]
    expect(() => chat({ messages: many }, policy)).toThrow('at most 20 images')
    const half = 'A'.repeat(14 * 1024 * 1024)
    const heavy = [message([half]), message([half])]
    expect(() => chat({ messages: heavy }, policy)).toThrow('at most 20 MiB of images')
    expect(() => generate({ images: [half, half] }, policy)).toThrow('at most 20 MiB of images')
    expect(chat({ messages: [message(['AAAA'])] }, policy).messages).toEqual([message(['AAAA'])])
  })

  test('the model is the one that was found, whatever was written', () => {
    expect(chat({ model: ' LLAMA3 ' }, policy).model).toBe(MODEL)
    expect(generate({ model: 'library/llama3' }, policy).model).toBe(MODEL)
  })

  test('fields that are not known are not sent', () => {
    const unknown = { _debug_render_only: true, n: 5, best_of: 9, remote_host: 'x', MODEL: 'y' }
    expect(Object.keys(chat(unknown, policy)).sort()).toEqual(['messages', 'model', 'options'])
    expect(Object.keys(generate(unknown, policy)).sort()).toEqual(['model', 'options', 'prompt'])
  })
})

test('how far back repetition is looked for is bounded for anyone, and not lowered for a manager', () => {
  const options = { num_keep: 1_000_000, repeat_last_n: 1_000_000 }
  const sent = (policy: typeof ANYONE) => chat({ options }, policy).options
  expect(sent(ANYONE)).toMatchObject({ num_keep: 32_768, repeat_last_n: 32_768 })
  expect(sent(MANAGER)).toMatchObject(options)
})

describe('what the limits of a caller leave for the answer', () => {
  const LEFT = { remainingTokens: 50 }

  test.each([ANYONE, MANAGER])('is the most that anybody gets (%#)', (policy) => {
    for (const options of [{}, { num_predict: -1 }, { num_predict: 51 }, { num_predict: 1e6 }]) {
      expect(chat({ options }, { ...policy, ...LEFT }).options).toEqual({ num_predict: 50 })
      expect(generate({ options }, { ...policy, ...LEFT }).options).toEqual({ num_predict: 50 })
    }
  })

  test('takes nothing from who asks for less', () => {
    for (const policy of [ANYONE, MANAGER]) {
      const { options } = chat({ options: { num_predict: 7 } }, { ...policy, ...LEFT })
      expect(options).toEqual({ num_predict: 7 })
    }
  })
})
