import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createRefreshTokens } from '../../../app/auth/refresh-token.ts'
import { openKeyring } from '../../../app/auth/secrets.ts'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import { testKeyring } from '../../support/builders.ts'

const tokens = createRefreshTokens(testKeyring)
const origin = { sessionId: 'Session001', salt: 'the salt', generation: 7 }

describe('a refresh token', () => {
  test('is always the same for the same session and generation, and tells them', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[0-9A-Za-z]{10}$/),
        fc.string(),
        fc.nat(2 ** 31 - 1),
        (sessionId, salt, generation) => {
          const text = tokens.mint({ sessionId, salt, generation })
          expect(text).toMatch(/^plr_[0-9A-Za-z]{65}$/)
          expect(tokens.mint({ sessionId, salt, generation })).toBe(text)
          const read = tokens.read(text)
          expect(read).toMatchObject({ sessionId, generation })
          expect(read?.isGenuine(salt)).toBe(true)
          expect(read?.isGenuine(`${salt}x`)).toBe(false)
        },
      ),
    )
  })

  test('is another one for each session, generation, salt and master secret', () => {
    const other = createRefreshTokens(openKeyring('the master secret of someone else, 32+'))
    const made = [
      tokens.mint(origin),
      tokens.mint({ ...origin, sessionId: 'Session002' }),
      tokens.mint({ ...origin, generation: 8 }),
      tokens.mint({ ...origin, salt: 'another' }),
      other.mint(origin),
    ]
    expect(new Set(made.map((text) => text.slice(20, -6))).size).toBe(made.length)
    expect(tokens.read(other.mint(origin))?.isGenuine(origin.salt)).toBe(false)
  })

  test('of one generation can’t be made into that of another', () => {
    const [live, next] = [tokens.mint(origin), tokens.mint({ ...origin, generation: 8 })]
    const forged = next.slice(0, 20) + live.slice(20)
    expect(tokens.read(forged)?.isGenuine(origin.salt) ?? false).toBe(false)
  })

  test('is told from junk without asking anybody', () => {
    const text = tokens.mint(origin)
    const junk = [
      '',
      'plr_',
      text.slice(1),
      `${text} `,
      ` ${text}`,
      `${text}\n`,
      text.toUpperCase(),
      text.slice(0, -1),
      text.replace('plr_', 'pli_'),
      mintApiKey((bytes) => new Uint8Array(bytes)).text,
      text.replace('Session', 'Sessioñ'),
      'x'.repeat(1_000_000),
    ]
    for (const one of junk) expect([one, tokens.read(one)]).toEqual([one, null])
    for (let i = 0; i < text.length; i++) {
      const changed = `${text.slice(0, i)}${text[i] === 'z' ? 'y' : 'z'}${text.slice(i + 1)}`
      expect(tokens.read(changed)).toBeNull()
    }
  })
})
