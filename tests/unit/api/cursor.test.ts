import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { z } from 'zod'
import { createCursors, pageQuery } from '../../../app/api/cursor.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import { testKeyring } from '../../support/builders.ts'

const cursors = createCursors(testKeyring)
const query = z.strictObject(pageQuery)

describe('a cursor', () => {
  test('leads on from the row it was made for, whatever its key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (key, scope) => {
        const cursor = cursors.next(scope, key) ?? ''
        expect(cursors.read(scope, { cursor })).toEqual({ after: key, limit: 50 })
      }),
    )
  })

  test('is good for no other list, caller or filter', () => {
    const cursor = cursors.next('users of anna', 'key') ?? ''
    expect(() => cursors.read('users of bob', { cursor })).toThrow(GatewayError)
  })

  test('that somebody has changed or made up is refused', () => {
    const cursor = cursors.next('scope', 'key-7') ?? ''
    const changed = Buffer.from(Buffer.from(cursor, 'base64url').toString().replace('7', '8'))
    const made = [changed.toString('base64url'), `${cursor}A`, `${cursor}=`, '', 'a', '%']
    for (const text of made) {
      expect(() => cursors.read('scope', { cursor: text })).toThrow('next_cursor')
    }
  })

  test('is missing where nothing comes after', () => {
    expect(cursors.next('scope', null)).toBeNull()
  })
})

describe('the limit of a page', () => {
  test.each(['-1', '0', '1e9', 'abc', '', '201', '1000000000', '5.5', ' 5', '٣'])(
    'is not %j',
    (limit) => {
      expect(query.safeParse({ limit }).success).toBe(false)
    },
  )

  test.each(['1', '200', '007'])('can be %j', (limit) => {
    expect(query.parse({ limit }).limit).toBe(Number(limit))
  })
})
