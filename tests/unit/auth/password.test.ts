import { describe, expect, test } from 'bun:test'
import { availableParallelism } from 'node:os'
import { isCommonPassword } from '../../../app/auth/common-passwords.ts'
import { createPasswords } from '../../../app/auth/password.ts'

const passwords = createPasswords({
  minLength: 15,
  isCommon: async (text) => text === 'a common one 123',
})
const problem = (password: string, username = 'alice') => passwords.problem(password, username)

const GOOD = 'correct horse battery staple'
/** Cheap to compute: what is tested is not the cost. */
const CHEAP = await Bun.password.hash('x', { algorithm: 'argon2id', memoryCost: 8, timeCost: 1 })

describe('a password is refused', () => {
  test.each([
    ['too short', 'fourteen chars', 'at least 15 characters'],
    ['empty', '', 'at least 15 characters'],
    ['short in characters though long in bytes', '😀'.repeat(14), 'at least 15 characters'],
    ['too long', 'x y'.repeat(86), 'at most 256 characters'],
    ['huge', 'x'.repeat(1_000_000), 'at most 256 characters'],
    ['only spaces', ' '.repeat(20), 'must not be only spaces'],
    ['only spaces of all kinds', '\u00a0\u3000\t'.repeat(6), 'must not be only spaces'],
    ['common', 'a common one 123', 'on every list of common passwords'],
    ['common in another case', 'A Common One 123', 'on every list of common passwords'],
    ['common in other characters', 'ａ common one 123', 'on every list of common passwords'],
    ['the user name and digits', 'alice-1234567890', 'must not be made of the user name'],
    ['the user name again and again', 'AliceAliceAlice', 'must not be made of the user name'],
    ['the name of the service', 'Parallama-2026-!', 'must not be made of the user name'],
    ['both names', 'alice@ollama2026!', 'must not be made of the user name'],
  ])('that is %s', async (_, password, text) => {
    expect(await problem(password)).toContain(text)
  })

  test('only for its reason: the limits themselves are fine', async () => {
    for (const password of [
      'fifteen chars..',
      'xy'.repeat(128),
      '😀'.repeat(15),
      '日本語'.repeat(5),
    ]) {
      expect([password, await problem(password)]).toEqual([password, null])
    }
    expect(
      await createPasswords({ minLength: 8, isCommon: async () => false }).problem('8 chars!', 'a'),
    ).toBeNull()
  })

  test('never for a phrase that has the user name in it, or spaces around it', async () => {
    for (const password of ['alice likes green tea', ` ${GOOD} `, GOOD, 'ollamas eat much grass']) {
      expect([password, await problem(password)]).toEqual([password, null])
    }
  })

  test('the list knows the usual ones', async () => {
    for (const password of ['password', '123456', 'qwertyuiop', 'iloveyou']) {
      expect([password, await isCommonPassword(password)]).toEqual([password, true])
    }
    expect(await isCommonPassword(GOOD)).toBe(false)
  })
})

describe('a hash', () => {
  test('is argon2id with the cost that OWASP asks for, and salted', async () => {
    const [one, two] = await Promise.all([passwords.hash(GOOD), passwords.hash(GOOD)])
    expect(one).toStartWith('$argon2id$v=19$m=65536,t=2,p=1$')
    expect(two).not.toBe(one)
    expect(await passwords.verify(GOOD, one)).toBe(true)
    expect(await passwords.verify(` ${GOOD}`, one)).toBe(false)
  })

  test('is of the characters, not of how a system writes them', async () => {
    const options = { algorithm: 'argon2id', memoryCost: 8, timeCost: 1 } as const
    const hash = await Bun.password.hash('Grüße aus Köln ﬁ'.normalize('NFKC'), options)
    for (const typed of [
      'Grüße aus Köln ﬁ'.normalize('NFC'),
      'Grüße aus Köln fi'.normalize('NFD'),
    ]) {
      expect([typed, await passwords.verify(typed, hash)]).toEqual([typed, true])
    }
    expect(await passwords.verify('grüße aus köln fi', hash)).toBe(false)
  })

  test('is computed for a bounded number of logins; one more is told to come back', async () => {
    const bound = availableParallelism() + 64
    const asked = Array.from({ length: bound + 1 }, () => passwords.verify('x', CHEAP))
    const results = await Promise.allSettled(asked)
    const refused = results.filter(({ status }) => status === 'rejected')
    expect(refused).toEqual(results.slice(bound))
    expect(refused[0]).toMatchObject({
      reason: { code: 'busy', status: 503, headers: { 'retry-after': '1' } },
    })
    expect(await passwords.verify('x', CHEAP)).toBe(true)
  })

  test('of other parameters is to be made anew, and one of today is not', async () => {
    expect(passwords.needsRehash(CHEAP)).toBe(true)
    expect(passwords.needsRehash(await Bun.password.hash('x', 'bcrypt'))).toBe(true)
    expect(passwords.needsRehash(await passwords.hash(GOOD))).toBe(false)
  })

  test('of nobody costs as much as one of somebody, and is of no password', async () => {
    const real = await passwords.hash(GOOD)
    const shape = (hash: string) => hash.split('$').map((part, i) => (i < 4 ? part : part.length))
    expect(shape(passwords.decoy)).toEqual(shape(real))
    expect(await passwords.verify(GOOD, passwords.decoy)).toBe(false)
    const other = createPasswords({ minLength: 8, isCommon: async () => false })
    expect(other.decoy).not.toBe(passwords.decoy)
  })

  test('that cannot be read frees its place', async () => {
    const broken = Array.from({ length: 64 }, () => passwords.verify('x', 'not a hash'))
    const results = await Promise.allSettled(broken)
    expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([])
    expect(await passwords.verify('x', CHEAP)).toBe(true)
  })
})
