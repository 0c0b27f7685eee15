import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { API_KEY_PATTERN, apiKeyId, mintApiKey } from '../../../app/domain/api-key.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const bytes = fc.infiniteStream(fc.nat({ max: 247 }))
const minted = bytes.map((stream) =>
  mintApiKey((length) => Uint8Array.from({ length }, () => Number(stream.next().value))),
)

test('every minted key is well-formed and gives its own id back', () => {
  fc.assert(
    fc.property(minted, ({ id, text }) => {
      expect(text).toMatch(API_KEY_PATTERN)
      expect(text).toHaveLength(63)
      expect(apiKeyId(text)).toBe(id)
      expect(text.startsWith(`plk_${id}`)).toBe(true)
    }),
  )
})

test('a key with any one character changed is not a key', () => {
  const position = fc.nat({ max: 62 })
  const character = fc.constantFrom(...BASE62, '_', '-', ' ', 'é', '\n')
  fc.assert(
    fc.property(minted, position, character, ({ text }, at, other) => {
      fc.pre(text[at] !== other)
      expect(apiKeyId(text.slice(0, at) + other + text.slice(at + 1))).toBeNull()
    }),
    { numRuns: 2000 },
  )
})

test('a key with two neighbours swapped, a character missing or one too many is not a key', () => {
  fc.assert(
    fc.property(minted, fc.nat({ max: 61 }), ({ text }, at) => {
      const [one, two] = [text[at] ?? '', text[at + 1] ?? '']
      if (one !== two)
        expect(apiKeyId(text.slice(0, at) + two + one + text.slice(at + 2))).toBeNull()
      expect(apiKeyId(text.slice(0, at) + text.slice(at + 1))).toBeNull()
      expect(apiKeyId(text.slice(0, at) + one + text.slice(at))).toBeNull()
    }),
  )
})

test('junk is not a key', () => {
  const { text } = mintApiKey(randomBytes)
  const junk = [
    '',
    'plk_',
    'plk',
    ` ${text}`,
    `${text}\n`,
    `${text} `,
    text.toUpperCase(),
    text.replace('plk_', 'plr_'),
    text.replace('plk_', 'sk-'),
    text.slice(4),
    text + text,
    `Bearer ${text}`,
    'plk_'.repeat(100_000),
    '\u0000'.repeat(63),
  ]
  for (const value of junk)
    expect([value.slice(0, 80), apiKeyId(value)]).toEqual([value.slice(0, 80), null])
})

test('the checksum is CRC-32 in base 62: keys stay valid from one version to the next', () => {
  const { text } = mintApiKey((length) => new Uint8Array(length).fill(10))
  const body = text.slice(0, -6)
  expect(body).toBe(`plk_${'A'.repeat(53)}`)
  const digits = [...text.slice(-6)].map((digit) => BASE62.indexOf(digit))
  expect(digits.reduce((sum, digit) => sum * 62 + digit, 0)).toBe(Bun.hash.crc32(body))
})

test('no character is likelier than another: bytes that would favour some are not used', () => {
  let drawn = 0
  const { text } = mintApiKey((length) => {
    drawn += length
    return Uint8Array.from({ length }, (_, i) => (i % 2 === 0 ? 248 + (i % 8) : 61))
  })
  expect(text.slice(4, -6)).toBe('z'.repeat(53))
  expect(drawn).toBeGreaterThan(100)
})
