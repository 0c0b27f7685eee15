import { describe, expect, test } from 'bun:test'
import { createClientAddress } from '../../../app/middleware/client-address.ts'

const addressOf = (peer: string | null, trusted: readonly string[] = [], forwardedFor?: string) =>
  createClientAddress(trusted)(
    peer,
    new Headers(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
  )

describe('the address of a peer', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:c000:0207', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:192.0.2.7%eth0', '192.0.2.7'],
    ['::', '0:0:0:0::/64'],
    ['::192.0.2.7', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ])('%s is %s', (peer, address) => {
    expect(addressOf(peer)).toBe(address)
    expect(addressOf(peer, ['198.51.100.1'])).toBe(address)
  })

  test('is one and the same for all whose socket is gone: they count, wherever they were', () => {
    expect(addressOf(null)).toBe('unknown')
    expect(addressOf(null, ['127.0.0.1'], '192.0.2.7')).toBe('unknown')
    expect(addressOf('no address')).toBe('unknown')
  })
})

describe('this machine itself', () => {
  const LOOPBACK = ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1']

  test.each(LOOPBACK)('counts against nobody while no proxy is named: %s', (peer) => {
    expect(addressOf(peer)).toBeNull()
    expect(addressOf(peer, [], '192.0.2.7')).toBeNull()
  })

  test.each(LOOPBACK)('counts as anybody else once there is one: %s', (peer) => {
    expect(addressOf(peer, ['192.0.2.1'])).not.toBeNull()
    expect(addressOf(peer, [peer], '192.0.2.7')).toBe('192.0.2.7')
    expect(addressOf(peer, [peer])).not.toBeNull()
  })

  test('is not what only looks like it', () => {
    for (const peer of ['128.0.0.1', '::2', '::127.0.0.1', '::ffff:128.0.0.1']) {
      expect(addressOf(peer)).not.toBeNull()
    }
  })
})

describe('what X-Forwarded-For says', () => {
  const PROXIES = [
    'fe80::/10',
    '10.0.0.0/8',
    '192.0.2.1',
    '2001:db8:f::/48',
    '::ffff:198.51.100.0/120',
  ]

  test('is not looked at when it does not come from a proxy that is trusted', () => {
    expect(addressOf('192.0.2.7', [], '203.0.113.5')).toBe('192.0.2.7')
    for (const peer of ['192.0.2.7', '11.0.0.1', '2001:db8:e::1', '::ffff:192.0.2.7']) {
      expect(addressOf(peer, PROXIES, '203.0.113.5')).toBe(addressOf(peer) ?? '')
    }
  })

  test.each([
    '10.255.255.255',
    '::ffff:10.0.0.1',
    '::ffff:0a00:0001',
    '192.0.2.1',
    '2001:db8:f:ffff::9',
    '198.51.100.3',
    'fe80::1%eth0',
  ])('is believed when it comes from %s', (peer) => {
    expect(addressOf(peer, PROXIES, '203.0.113.5')).toBe('203.0.113.5')
  })

  test.each([
    ['203.0.113.5', '203.0.113.5'],
    ['  203.0.113.5\t', '203.0.113.5'],
    ['203.0.113.5:51234', '203.0.113.5'],
    ['::ffff:203.0.113.5', '203.0.113.5'],
    ['[::ffff:203.0.113.5]:80', '203.0.113.5'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]:51234', '2001:db8:1:2::/64'],
    ['1.1.1.1, 203.0.113.5', '203.0.113.5'],
    ['junk, 203.0.113.5', '203.0.113.5'],
    ['127.0.0.1,203.0.113.5', '203.0.113.5'],
    ['203.0.113.5, 10.1.1.1', '203.0.113.5'],
    ['1.1.1.1, 203.0.113.5 ,[::ffff:10.1.1.1]:80,192.0.2.1:443', '203.0.113.5'],
    ['10.3.3.3, 10.2.2.2', '10.3.3.3'],
  ])('names the nearest caller that is no proxy: %s', (forwardedFor, address) => {
    expect(addressOf('10.0.0.1', PROXIES, forwardedFor)).toBe(address)
  })

  test.each([
    '',
    ',',
    '203.0.113.5,',
    'unknown',
    '_hidden',
    'localhost',
    '203.0.113',
    '203.0.113.05',
    '203.0.113.5:port',
    '203.0.113.5:123456',
    '[2001:db8::1',
    '2001:db8::1]:80',
    '[]',
    '1::2::3',
    '2001:db8::12345',
    'http://203.0.113.5',
    '203.0.113.5, junk, 10.1.1.1',
    'x'.repeat(10_000),
  ])('is not guessed at where it can not be read: the proxy stands for its callers: %p', (text) => {
    expect(addressOf('10.0.0.1', PROXIES, text)).toBe('10.0.0.1')
  })

  test('counts in all lines together, in their order', () => {
    const headers = new Headers([
      ['x-forwarded-for', '203.0.113.5'],
      ['x-forwarded-for', '10.1.1.1'],
    ])
    expect(createClientAddress(PROXIES)('10.0.0.1', headers)).toBe('203.0.113.5')
  })

  test('is followed through 32 proxies and no further', () => {
    const behind = (proxies: number) =>
      addressOf('10.0.0.1', PROXIES, ['203.0.113.5', ...Array(proxies).fill('10.2.2.2')].join(', '))
    expect(behind(31)).toBe('203.0.113.5')
    expect(behind(32)).toBe('10.2.2.2')
    expect(behind(5000)).toBe('10.2.2.2')
  })
})
