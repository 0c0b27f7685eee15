import { describe, expect, test } from 'bun:test'
import { ConfigError, type Flags, loadConfig } from '../../../app/config.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const { file } = temporaryFolder()

const load = (flags: Flags, text = '') => loadConfig(flags, file(text), {})

function mistake(flags: Flags, text = ''): string {
  try {
    load(flags, text)
    return ''
  } catch (err) {
    if (err instanceof ConfigError) return err.message
    throw err
  }
}

describe('trusted_proxies', () => {
  test('is nobody unless it is set', () => {
    expect(load({}).trustedProxies).toEqual([])
    for (const text of ['trusted_proxies:\n', 'trusted_proxies: []\n', 'trusted_proxies: ""\n']) {
      expect(load({}, text).trustedProxies).toEqual([])
    }
  })

  test('takes addresses and blocks, as a list or as text', () => {
    const blocks = ['127.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '::1', '2001:DB8::/32', '::/128']
    expect(load({ trustedProxies: blocks }).trustedProxies).toEqual(blocks)
    expect(load({ trustedProxies: blocks.join(' , ') }).trustedProxies).toEqual(blocks)
    expect(load({}, `trusted_proxies: [${blocks[0]}, ${blocks[1]}]\n`).trustedProxies).toEqual(
      blocks.slice(0, 2),
    )
  })

  test.each([
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '10.0.0.0/255.0.0.0',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '1::2::3',
    'fe80::1%eth0',
    '[::1]',
    '10.0.0.1:80',
    'proxy.example',
    '*',
    '/8',
  ])('names the entry that is neither: %s', (entry) => {
    const told = mistake({ trustedProxies: ['127.0.0.1', entry] })
    expect(told).toContain('trusted_proxies: ')
    expect(told).toContain(`which ${JSON.stringify(entry)} is not (from --trusted-proxies)`)
  })

  test('takes nothing else', () => {
    expect(mistake({ trustedProxies: [5] })).toContain('must be text')
    expect(mistake({ trustedProxies: { a: 1 } })).toContain('must be a list')
  })
})

describe('failed_auth_per_minute', () => {
  test('is 60 unless it is set, and never 0: a shield that lets nobody in is none', () => {
    expect(load({}).failedAuthPerMinute).toBe(60)
    expect(load({ failedAuthPerMinute: '100000' }).failedAuthPerMinute).toBe(100_000)
    for (const value of [0, 100_001, 1.5, 'many']) {
      expect(mistake({ failedAuthPerMinute: value })).toContain('a whole number from 1 to 100000')
    }
  })
})
