import { describe, expect, test } from 'bun:test'
import { countsOf, countsOfDocument } from '../../../app/usage/counts.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('the counts of a final record are read, durations in whole ms', () => {
  const record = { done: true, prompt_eval_count: 11, eval_count: 18, load_duration: 1_499_999_999 }
  expect(countsOf(record)).toEqual({
    promptTokens: 11,
    completionTokens: 18,
    loadMs: 1500,
    computeMs: null,
  })
})

test('a host was busy while it loaded, read and wrote; for an embedding, all the time it took', () => {
  const ms = 1_000_000
  const chat = {
    total_duration: 9000 * ms,
    load_duration: 1500 * ms,
    prompt_eval_duration: 20 * ms,
    eval_duration: 300 * ms + 1,
  }
  expect(countsOf(chat).computeMs).toBe(1821)
  expect(countsOf({ ...chat, load_duration: -1 }).computeMs).toBe(321)
  expect(countsOf({ total_duration: 14 * ms, load_duration: ms }).computeMs).toBe(14)
})

test('a count that is not given is not known', () => {
  expect(countsOf({ done: true })).toEqual({
    promptTokens: null,
    completionTokens: null,
    loadMs: 0,
    computeMs: null,
  })
})

describe('a count that makes no sense is as good as none', () => {
  test.each([
    ['negative', -1],
    ['a fraction', 1.5],
    ['not a number', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
    ['beyond what can be counted', 1e300],
    ['more than any model makes', Number.MAX_SAFE_INTEGER],
    ['text', '18'],
    ['null', null],
    ['a list', [18]],
    ['true', true],
  ])('%s', (_, nonsense) => {
    const record = { prompt_eval_count: nonsense, eval_count: nonsense, load_duration: nonsense }
    expect(countsOf(record)).toEqual({
      promptTokens: null,
      completionTokens: null,
      loadMs: 0,
      computeMs: null,
    })
  })
})

test('zero is a count', () => {
  expect(countsOf({ prompt_eval_count: 0, eval_count: 0 })).toMatchObject({
    promptTokens: 0,
    completionTokens: 0,
  })
})

describe('an answer that came in one piece', () => {
  const METRICS = '"load_duration":2000000,"prompt_eval_count":11,"eval_count":18}'

  test('small or large, has its counts read', () => {
    for (const size of [0, 1000, 255 * 1024, 300 * 1024, 5_000_000]) {
      const text = `{"response":"${'x'.repeat(size)}",${METRICS}`
      const counts = countsOfDocument(bytes(text))
      expect([size, counts]).toMatchObject([
        size,
        { promptTokens: 11, completionTokens: 18, loadMs: 2 },
      ])
    }
  })

  test('has no counts that only the answer itself talks about', () => {
    const quoted = JSON.stringify({ response: `${'é'.repeat(300_000)},"eval_count":999999,` })
    expect(countsOfDocument(bytes(quoted)).completionTokens).toBeNull()
    const text = `${quoted.slice(0, -1)},${METRICS}`
    expect(countsOfDocument(bytes(text)).completionTokens).toBe(18)
  })

  test.each(['', '{', 'null', '42', '<html>502</html>', '[1]', `"${'x'.repeat(400_000)}"`])(
    'has none when it is no document (%#)',
    (text) => {
      expect(countsOfDocument(bytes(text))).toEqual({
        promptTokens: null,
        completionTokens: null,
        loadMs: 0,
        computeMs: null,
      })
    },
  )

  test('has none that are negative, however large it is', () => {
    const text = `{"x":"${'x'.repeat(300_000)}","prompt_eval_count":-5,"eval_count":-1}`
    expect(countsOfDocument(bytes(text))).toMatchObject({
      promptTokens: null,
      completionTokens: null,
    })
  })
})
