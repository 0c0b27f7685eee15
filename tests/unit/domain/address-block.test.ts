import { describe, expect, test } from 'bun:test'
import { canonicalBlock, isAmong } from '../../../app/domain/address.ts'

describe('an address or block', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:C000:0207', '192.0.2.7'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::1/128', '::1/128'],
  ])('%s is %s', (text, expected) => {
    expect(canonicalBlock(text)).toBe(expected)
  })

  test.each([
    '',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '010.0.0.1',
    '::/129',
    '::ffff:10.0.0.0/95',
    'fe80::1%eth0',
    'example.org',
    '10.0.0.0/ 8',
    '10.0.0.1\n',
  ])('%j is none', (text) => {
    expect(canonicalBlock(text)).toBeNull()
  })
})

describe('a caller is among the addresses of a key', () => {
  const ENTRIES = ['192.0.2.7', '10.0.0.0/8', '2001:db8::/32']
  test.each([
    ['192.0.2.7', true],
    ['::ffff:192.0.2.7', true],
    ['::ffff:c000:207', true],
    ['0:0:0:0:0:FFFF:192.0.2.7', true],
    ['192.0.2.8', false],
    ['10.255.0.1', true],
    ['::ffff:a01:203', true],
    ['11.0.0.1', false],
    ['2001:db8:ffff::1', true],
    ['2001:0DB8:0000::1', true],
    ['2001:db9::1', false],
    ['::192.0.2.7', false],
    ['not an address', false],
    [null, false],
  ])('%s: %p', (address, expected) => {
    expect(isAmong(ENTRIES, address)).toBe(expected)
  })

  test('is among none where there are none', () => {
    expect(isAmong([], '192.0.2.7')).toBe(false)
  })
})
