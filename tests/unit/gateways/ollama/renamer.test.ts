import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { renamer } from '../../../../app/gateways/ollama/renamer.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const rename = renamer('llama3:latest', 'Ü"$&\\')
const renamed = (text: string): string => decode(rename(encode(text)))

test('each record has the name that was asked for, and is the same otherwise', () => {
  const line = (name: string, rest = '') =>
    `{"model":${JSON.stringify(name)},"message":{"content":"\\"model\\":\\"llama3:latest\\""}${rest}}\n`
  expect(renamed(line('llama3:latest') + line('llama3:latest', ',"done":true'))).toBe(
    line('Ü"$&\\') + line('Ü"$&\\', ',"done":true'),
  )
})

test('only the name of the record itself is another', () => {
  const call = '"tool_calls":[{"function":{"arguments":{"model":"llama3:latest"}}}]'
  expect(renamed(`{"model":"llama3:latest",${call}}`)).toBe(
    `{"model":${JSON.stringify('Ü"$&\\')},${call}}`,
  )
})

test('what has no name, or another, stays as it is', () => {
  for (const text of ['', '\n', '{}\n', '{"model":"other"}\n', '{"model":"llama3:latest2"}']) {
    expect(renamed(text)).toBe(text)
  }
})

test('any records differ in their name alone', () => {
  const record = fc.record({ model: fc.constant('llama3:latest'), said: fc.jsonValue() })
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const lines = records.map((one) => `${JSON.stringify(one)}\n`).join('')
      const expected = records.map((one) => `${JSON.stringify({ ...one, model: 'Ü"$&\\' })}\n`)
      expect(renamed(lines)).toBe(expected.join(''))
    }),
  )
})
