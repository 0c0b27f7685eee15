import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { fieldPath } from '../../../app/domain/field-path.ts'
import { parseStrictJson, StrictJsonError } from '../../../app/domain/strict-json.ts'

/** The field that a refusal is about. Throws when the text is accepted. */
function refusedField(text: string): string | null {
  try {
    parseStrictJson(text)
  } catch (err) {
    if (err instanceof StrictJsonError) return err.field
  }
  throw new Error('it was accepted')
}

const deep = '['.repeat(64) + ']'.repeat(64)

test.each([
  ['{"model":"a","model":"b"}', 'model'],
  ['{"messages":[{"role":"user"},{"role":"user","r\\u006fle":"x"}]}', 'messages[1].role'],
  ['{"messages":[[],"a,{[",{"content":[1,{"text":"}","text":2}]}]}', 'messages[2].content[1].text'],
  ['{"a":{"b":{}},"c":[{"__proto__":1}]}', 'c[0].__proto__'],
  ['{"a":[1,[2,3,1e999]]}', 'a[1][2]'],
  ['{"options":{"seed":9007199254740993}}', 'options.seed'],
  [`{"tools":[{},{"function":{"parameters":{"a":${deep}}}}]}`, 'tools[1].function.parameters'],
  [`{"a":${deep}}`, 'a[0][0][0]'],
  ['{"a b":{"":1,"":2}}', 'a b.'],
  ['1e999', null],
  [',[1e999', '[0]'],
  ['{1e999 "a prompt":1}', null],
  ['{"a":', null],
  ['[1,2', null],
])('%s is refused because of the field %p', (text, field) => {
  expect(refusedField(text)).toBe(field)
})

test('what is told of a path has an end', () => {
  const key = 'k'.repeat(1000)
  expect(refusedField(`{"${key}":{"${key}":{"a":1,"a":2}}}`)).toBe(key.slice(0, 200))
})

test('a duplicate is found by its path, wherever it is', () => {
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value))
  const siblings = fc.array(
    json.filter((text) => !isRefused(text)),
    { maxLength: 3 },
  )
  const key = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== '__proto__')
  const step = fc.tuple(fc.option(key), siblings)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), key, (steps, last) => {
      const name = JSON.stringify(last)
      const path = steps.map(([key, before]) => key ?? before.length)
      const text = steps.reduceRight((inner, [key, before]) => {
        if (key === null) return `[${[...before, inner, '{}'].join()}]`
        const fields = before.map((value, i) => `${JSON.stringify(`${key}${i}`)}:${value}`)
        return `{${[...fields, `${JSON.stringify(key)}:${inner}`].join()}}`
      }, `{${name}:[],${name}:{}}`)
      expect(refusedField(text)).toBe(fieldPath([...path, last]).slice(0, 200))
    }),
  )
})

function isRefused(text: string): boolean {
  try {
    parseStrictJson(text)
    return false
  } catch {
    return true
  }
}
