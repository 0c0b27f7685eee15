import { describe, expect, test } from 'bun:test'
import { pageOf } from '../../../../app/gateways/anthropic/page.ts'

const ITEMS = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }))
const page = (query: string, items: readonly { id: string }[] = ITEMS) =>
  pageOf(items, new URLSearchParams(query))

describe('a page', () => {
  test.each([
    ['', 'abcde', false],
    ['limit=2', 'ab', true],
    ['limit=5', 'abcde', false],
    ['limit=1000', 'abcde', false],
    ['after_id=b', 'cde', false],
    ['after_id=b&limit=2', 'cd', true],
    ['after_id=b&limit=3', 'cde', false],
    ['before_id=d', 'abc', false],
    ['before_id=d&limit=2', 'bc', true],
    ['before_id=d&limit=3', 'abc', false],
    ['lifecycle=active', 'abcde', false],
  ])('for "%s" is %s', (query, ids, has_more) => {
    const data = [...ids].map((id) => ({ id }))
    expect(page(query)).toEqual({
      data,
      has_more,
      first_id: String(data.at(0)?.id),
      last_id: String(data.at(-1)?.id),
    })
  })

  test.each(['', 'limit=3'])('of nothing is empty for "%s"', (query) => {
    const nothing = { data: [], has_more: false, first_id: null, last_id: null }
    expect(page(query, [])).toEqual(nothing)
  })

  test.each(['after_id=e', 'before_id=a'])('beyond an end is empty: %s', (query) => {
    expect(page(query)).toMatchObject({ data: [], has_more: false, first_id: null, last_id: null })
  })

  test('holds 20 where no limit is given', () => {
    const many = Array.from({ length: 21 }, (_, i) => ({ id: `model-${i}` }))
    expect(page('', many)).toMatchObject({ data: many.slice(0, 20), has_more: true })
  })

  test.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=1001'],
    ['limit', 'limit=-1'],
    ['limit', 'limit=1.5'],
    ['limit', 'limit=1e2'],
    ['limit', 'limit='],
    ['after_id', 'after_id=z'],
    ['after_id', 'after_id='],
    ['before_id', 'before_id=z'],
    ['before_id', 'before_id=d&after_id=a'],
  ])('is refused because of %s: %s', (field, query) => {
    const refusal = expect.objectContaining({ status: 400, code: 'bad_request', field })
    expect(() => page(query)).toThrow(refusal)
  })
})
