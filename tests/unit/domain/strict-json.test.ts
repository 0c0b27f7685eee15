import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { foldKey, MAX_JSON_DEPTH, parseStrictJson } from '../../../app/domain/strict-json.ts'

/** The error's text, or null when the text is accepted. */
function refusal(text: string): string | null {
  try {
    parseStrictJson(text)
    return null
  } catch (err) {
    expect(err).toHaveProperty('name', 'StrictJsonError')
    return err instanceof Error ? err.message : String(err)
  }
}

const nested = (depth: number, open = '[', close = ']'): string =>
  open.repeat(depth) + close.repeat(depth)

describe('a body that two parsers could read differently is refused', () => {
  test.each([
    ['{"model":"a","model":"b"}', 'the field "model" appears twice'],
    ['{"model":"a" , "model" : "b"}', 'the field "model" appears twice'],
    ['{"model":"a","mod\\u0065l":"b"}', 'the field "model" appears twice'],
    ['{"\\u006dodel":"a","model":"b"}', 'the field "model" appears twice'],
    ['{"a\\"b":1,"a\\u0022b":2}', 'the field "a"b" appears twice'],
    ['{"\\\\":1,"\\\\":2}', 'the field "\\" appears twice'],
    ['{"a":{"b":1,"b":2}}', 'the field "a.b" appears twice'],
    ['[[{"a":1},{"b":1,"c":[],"b":2}]]', 'the field "[0][1].b" appears twice'],
    ['{"a":{"x":1},"b":[{"x":1}],"a":0}', 'the field "a" appears twice'],
    ['{"":1,"":2}', 'the field "" appears twice'],
    ['{"a":",","a":1}', 'the field "a" appears twice'],
    ['{"a":"{","a":1}', 'the field "a" appears twice'],
    ['{"__proto__":{"admin":true}}', 'the field "__proto__" is not accepted'],
    ['{"\\u005f_proto__":1}', 'the field "__proto__" is not accepted'],
    ['{"a":[{"b":{"__proto__":1}}]}', 'the field "a[0].b.__proto__" is not accepted'],
    [`{"${'k'.repeat(2000)}":1}`, 'a field name is too long'],
  ])('%s: %s', (text, message) => {
    expect(refusal(text)).toBe(message)
  })

  test.each([
    '{"a":1,"A":2}',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":"a","c":["a","a"]}',
    '{"a":"\\"a\\":1,\\"a\\":2"}',
    '{"constructor":1,"prototype":2,"toString":3,"hasOwnProperty":4}',
    '{"proto":"__proto__"}',
    '["__proto__","__proto__"]',
  ])('%s means the same to everybody', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text))
  })
})

describe('nesting', () => {
  const OPENINGS = [
    ['[', ']'],
    ['{"a":', '1}'],
    ['[{"a":', '1}]'],
  ] as const

  test(`${MAX_JSON_DEPTH} levels are accepted, one more is not`, () => {
    expect(refusal(nested(MAX_JSON_DEPTH))).toBeNull()
    expect(refusal(nested(MAX_JSON_DEPTH + 1))).toBe('[0][0][0][0]…: nested deeper than 64 levels')
  })

  test('is refused before it is parsed, however deep and whether or not it ends', () => {
    for (const [open] of OPENINGS) {
      expect(refusal(open.repeat(500_000))).toEndWith('…: nested deeper than 64 levels')
    }
    const nameless = 'the request body is nested deeper than 64 levels'
    expect(refusal('{'.repeat(500_000))).toBe(nameless)
  })

  test('counts depth, not brackets: many shallow values and brackets in strings are fine', () => {
    expect(refusal(`[${'[],{},'.repeat(1000)}"${'['.repeat(1000)}"]`)).toBeNull()
  })
})

test.each([
  '',
  ' ',
  '{',
  '{"a":1',
  '{"a":1}}',
  '{"a":1} trailing',
  '{"a":1}{"a":1}',
  "{'a':1}",
  '{a:1}',
  '{"a":1,}',
  '{"a":01}',
  '{"a":NaN}',
  '"unterminated',
  '{"unterminated":"\\"}',
  '{"a\\x":1}',
  '\ufeff{"a":1}',
  '{"a":1}\u0000',
  ']]]]{"a":1,"a":2}',
  '// comment\n{}',
])('%j is not JSON, and is refused as such', (text) => {
  expect(refusal(text)).not.toBeNull()
})

/** Nothing that is refused for another reason: a key, or a whole number that is not exact. */
const isPlain = (value: unknown): boolean => {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value)
  if (value === null || typeof value !== 'object') return true
  return Object.entries(value).every(([key, inner]) => key !== '__proto__' && isPlain(inner))
}
const json = fc.jsonValue({ maxDepth: 5 }).filter(isPlain)
const spacing = fc.constantFrom(undefined, 1, '\t', '\r\n')

test('JSON without duplicates is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(json, spacing, (value, space) => {
      const text = JSON.stringify(value, null, space)
      expect(parseStrictJson(text)).toEqual(JSON.parse(text))
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['9007199254740993', 'a whole number that a double would change'],
  ['1e999', 'an infinite number'],
  [`0.${'1'.repeat(100)}`, 'a number of a hundred digits'],
])('%s is refused: %s', (number) => {
  expect(refusal(`{"a":[${number}]}`)).toContain('too large or too long')
})

test('more values or fields than any request needs are refused', () => {
  expect(refusal(`[${'{},'.repeat(50_000)}0]`)).toContain('more than 50000 objects and lists')
  expect(refusal(`[${'{},'.repeat(49_000)}0]`)).toBeNull()
  expect(refusal(`[${'0,'.repeat(600_000)}0]`)).toContain('values')
  const fields = Array.from({ length: 60_000 }, (_, i) => `"k${i}":0`)
  expect(refusal(`{${fields.join(',')}}`)).toContain('fields')
})

test('any text is either read as JSON.parse reads it or refused with a StrictJsonError', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    'a',
    '1',
    ' ',
    '"a"',
    '"b":',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
      const text = parts.join('')
      if (refusal(text) === null) expect(parseStrictJson(text)).toEqual(JSON.parse(text))
    }),
    { numRuns: 3000 },
  )
})

test('a duplicate is found wherever it is and however its characters are written', () => {
  const key = fc.string({ minLength: 1, maxLength: 5 }).filter((text) => text !== '__proto__')
  const escaped = (text: string): string =>
    `"${[...text].map((char) => [...Array(char.length)].map((_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')).join('')}"`
  fc.assert(
    fc.property(key, json, json, fc.boolean(), (name, one, two, isEscaped) => {
      const again = isEscaped ? escaped(name) : JSON.stringify(name)
      const object = `{${JSON.stringify(name)}:${JSON.stringify(one)},${again}:${JSON.stringify(two)}}`
      expect(refusal(`{"outer":[${object}]}`)).toContain('appears twice')
    }),
  )
})

test('long bodies take time in proportion to their length', () => {
  const text = `{"a":"${'\\\\'.repeat(2_000_000)}${'\\"'.repeat(500_000)}"}`
  const start = performance.now()
  expect(parseStrictJson(text)).toHaveProperty('a')
  expect(performance.now() - start).toBeLessThan(2000)
})

test('keys fold as Go folds them: case, the long s and the Kelvin sign', () => {
  const cases = [
    ['model', 'model'],
    ['MODEL', 'model'],
    ['me\u017F\u017Fages', 'messages'],
    ['\u212Aeep_alive', 'keep_alive'],
  ] as const
  for (const [key, folded] of cases) expect([key, foldKey(key)]).toEqual([key, folded])
})
