import { describe, expect, test } from 'bun:test'
import { createAccessTokens, looksLikeToken } from '../../../app/auth/access-token.ts'
import { createClock } from '../support/clock.ts'
import {
  BAD,
  good,
  HEADER,
  handSigned,
  keys,
  LIFETIME_S,
  NOW_S,
  needs,
  PAYLOAD,
  signed,
  tokens,
} from './forged-tokens.ts'

describe('an access token', () => {
  test('says whose session it is of, of which version, and until when', async () => {
    expect(await tokens.read(good)).toEqual({
      sessionId: 'Session001',
      version: 3,
      signedBy: 'key-1',
      expiresAt: (NOW_S + LIFETIME_S + 30) * 1000,
    })
    expect(await tokens.read(await signed())).toMatchObject({ sessionId: 'Session001' })
    expect(await tokens.read(await handSigned(HEADER, PAYLOAD))).toMatchObject({ version: 3 })
    const [head, body] = good.split('.')
    expect(JSON.parse(Buffer.from(head ?? '', 'base64url').toString())).toEqual(HEADER)
    expect(JSON.parse(Buffer.from(body ?? '', 'base64url').toString())).toEqual(PAYLOAD)
  })

  test.each(BAD)('is refused: %s', async (_, make) => {
    const token = await make()
    expect(token).not.toBe(good)
    expect(await tokens.read(token)).toBeNull()
  })

  test('is good until its end and the 30 s that clocks may differ', async () => {
    const late = createClock(NOW_S * 1000)
    const token = await signed()
    const reader = createAccessTokens({ ...needs, clock: late })
    late.advance(-30_000)
    expect(await reader.read(token)).not.toBeNull()
    late.advance(30_000 + LIFETIME_S * 1000 + 29_000)
    expect(await reader.read(token)).not.toBeNull()
    late.advance(1000)
    expect(await reader.read(token)).toBeNull()
  })

  test('fails aloud when the keys can’t be read: that is not the token’s fault', async () => {
    const down = createAccessTokens({
      ...needs,
      keys: { ...keys, find: () => Promise.reject(new Error('the database is down')) },
    })
    await expect(down.read(good)).rejects.toThrow('the database is down')
  })

  test('is told from an API key by its form', () => {
    expect(looksLikeToken(good)).toBe(true)
    for (const text of ['', 'plk_abc', `${good}.x`, 'a.b', 'a.b.', '..', 'x'.repeat(2000)]) {
      expect([text, looksLikeToken(text)]).toEqual([text, false])
    }
  })
})
