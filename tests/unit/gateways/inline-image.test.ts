import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { imageInUrl, standardBase64 } from '../../../app/gateways/inline-image.ts'

test('base64 of any form is made the one that Ollama takes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      const standard = Buffer.from(bytes).toString('base64')
      const url = standard.replaceAll('+', '-').replaceAll('/', '_')
      for (const text of [standard, url, standard.replace(/=+$/, ''), url.replace(/=+$/, '')]) {
        expect(standardBase64(text)).toBe(standard)
      }
    }),
  )
})

test.each(['', '=', 'A', 'AAAAA', 'AAAAA==', 'AA AA', 'AA=A', 'AAA===', 'é'])(
  'what can be none is refused: %j',
  (text) => {
    expect(standardBase64(text)).toBeNull()
    expect(() => imageInUrl(`data:image/png;base64,${text}`, 'x')).toThrow('x: is not valid base64')
  },
)
