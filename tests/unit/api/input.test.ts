import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { z } from 'zod'
import { isText, parseInput, queryOf } from '../../../app/api/input.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'

const schema = z.strictObject({
  name: z.string().optional(),
  inner: z.strictObject({ list: z.array(z.strictObject({ n: z.int() })) }).optional(),
})

/** The fields that a refusal names. */
function fieldsOf(run: () => unknown): readonly string[] {
  try {
    run()
  } catch (err) {
    if (!(err instanceof GatewayError)) throw err
    expect([err.code, err.status]).toEqual(['invalid', 422])
    const errors = (err.problemDetails.errors ?? []) as { field: string; message: string }[]
    for (const { message } of errors) expect(message).not.toBe('')
    return errors.map(({ field }) => field)
  }
  throw new Error('nothing was refused')
}

describe('what was sent', () => {
  test('is given back when it is as the schema has it', () => {
    const value = { name: 'anna', inner: { list: [{ n: 1 }] } }
    expect(parseInput(schema, value)).toEqual(value)
    expect(parseInput(schema, {})).toEqual({})
  })

  test('is refused with every field that is wrong, and where each is', () => {
    const value = { name: 7, inner: { list: [{ n: 1 }, { n: 'x', m: 2 }], more: 1 }, other: 1 }
    expect([...fieldsOf(() => parseInput(schema, value))].sort()).toEqual([
      'inner.list.1.m',
      'inner.list.1.n',
      'inner.more',
      'name',
      'other',
    ])
  })

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'Name', 'NAME', 'name ', ''])(
    'is refused for the field %j, also deeper',
    (name) => {
      const more = JSON.parse(`{${JSON.stringify(name)}:{"is_admin":true}}`) as object
      expect(fieldsOf(() => parseInput(schema, more))).toHaveLength(1)
      const deeper = { inner: Object.fromEntries([['list', []], ...Object.entries(more)]) }
      expect(fieldsOf(() => parseInput(schema, deeper))).toHaveLength(1)
      expect(({} as Record<string, unknown>).is_admin).toBeUndefined()
    },
  )

  test('names no field in more than 200 characters', () => {
    const fields = fieldsOf(() => parseInput(schema, { ['x'.repeat(10_000)]: 1 }))
    expect(fields.map((field) => field.length)).toEqual([200])
    const broken = fieldsOf(() => parseInput(schema, { ['x'.repeat(10_000)]: 'a\0' }))
    expect(broken.map((field) => field.length)).toEqual([200])
  })

  test.each(['a\0b', 'a\ud800b', '\udc00', '\ud83e'])(
    'is refused for the text %j, wherever it is',
    (text) => {
      expect(isText(text)).toBe(false)
      const anything = z.unknown()
      expect(fieldsOf(() => parseInput(anything, { name: text }))).toEqual(['name'])
      const deep = { inner: { list: [{ n: 1 }, { n: text }] } }
      expect(fieldsOf(() => parseInput(anything, deep))).toEqual(['inner.list.1.n'])
    },
  )

  test('can be any text that has only whole characters', () => {
    const whole = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(whole, (name) => {
        expect(parseInput(schema, { name })).toEqual({ name })
      }),
    )
  })
})

describe('a query', () => {
  test('is its parameters, decoded', () => {
    expect(queryOf('http://h/x?a=1&b=%20x+y&c')).toEqual({ a: '1', b: ' x y', c: '' })
    expect(queryOf('http://h/x')).toEqual({})
    expect(queryOf('http://h/x?')).toEqual({})
  })

  test.each(['a=1&a=1', 'a=1&a=2', 'a&a', 'a=1&%61=2', '__proto__=1&__proto__=2', '=1&=2'])(
    'that gives a parameter twice is refused: %s',
    (query) => {
      expect(() => queryOf(`http://h/x?${query}`)).toThrow('is given twice')
    },
  )

  test('sets no prototype, and a parameter of that name is refused like any other', () => {
    const query = queryOf('http://h/x?__proto__=1')
    expect(Object.getPrototypeOf(query)).toBe(Object.prototype)
    expect(fieldsOf(() => parseInput(schema, query))).toEqual(['__proto__'])
  })

  test('names of 10,000 characters are not repeated whole', () => {
    const name = 'x'.repeat(10_000)
    expect(() => queryOf(`http://h/x?${name}=1&${name}=2`)).toThrow(/^.{0,150}$/)
  })
})
