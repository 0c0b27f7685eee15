import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import { TESTER } from '../../support/builders.ts'
import { logText } from '../../support/gateway/log.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'

const LIMIT = 5
const STRANGER = '203.0.113.5'
const settings = { trustedProxies: ['127.0.0.1'], failedAuthPerMinute: LIMIT }

const unknownKey = () => mintApiKey(randomBytes).text
const from = (address: string) => ({ 'x-forwarded-for': address })

/** The answer to a request with that key, or with none. */
const asks = async (stage: Stage, address: string | null, key: string | null = unknownKey()) => {
  const headers = {
    ...(address !== null && from(address)),
    ...(key !== null && { authorization: `Bearer ${key}` }),
  }
  return (await stage.get('/ollama/api/version', { as: null, headers })).status
}

async function fail(stage: Stage, address: string | null, count = LIMIT): Promise<void> {
  for (let i = 0; i < count; i++) expect(await asks(stage, address)).toBe(401)
}

describe('a stranger behind a trusted proxy', () => {
  test('is shut out for a minute after too many keys that are not good, with whatever comes next', async () => {
    await using stage = await setStage({ settings })
    await fail(stage, `1.2.3.4, ${STRANGER}`)
    const headers = { ...from(STRANGER), authorization: `Bearer ${unknownKey()}` }
    const response = await stage.post('/ollama/api/chat', CHAT, { as: null, headers })
    expect(response.status).toBe(429)
    const seconds = Number(response.headers.get('retry-after'))
    expect([seconds > 50, seconds <= 60]).toEqual([true, true])
    for (const key of [null, 'junk', stage.user.key]) {
      expect(await asks(stage, STRANGER, key)).toBe(429)
    }
    expect(stage.asked()).toEqual([])
  })

  test('does not shut out other addresses, nor the proxy, nor a made-up one', async () => {
    await using stage = await setStage({ settings })
    await fail(stage, STRANGER)
    expect(await asks(stage, '203.0.113.6', stage.user.key)).toBe(200)
    expect(await asks(stage, null, stage.user.key)).toBe(200)
    expect(await asks(stage, `203.0.113.6, ${STRANGER}`)).toBe(429)
    expect(await asks(stage, `${STRANGER}, 203.0.113.6`)).toBe(401)
  })

  test('does not shut out a colleague at the same address whose key is in use', async () => {
    await using stage = await setStage({ settings })
    expect(await asks(stage, STRANGER, stage.user.key)).toBe(200)
    await fail(stage, STRANGER)
    expect(await asks(stage, STRANGER)).toBe(429)
    const headers = from(STRANGER)
    expect((await stage.post('/ollama/api/chat', CHAT, { headers })).status).toBe(200)
  })

  test('gets no further with a key that was revoked', async () => {
    await using stage = await setStage({ settings })
    const { gateway, user } = stage
    expect(await asks(stage, STRANGER, user.key)).toBe(200)
    await fail(stage, STRANGER)
    await gateway.admin.keys.revoke(TESTER, user.keyId)
    let status = 200
    while (status === 200) status = await asks(stage, STRANGER, user.key)
    expect([status, await asks(stage, STRANGER, user.key)]).toEqual([401, 429])
  })

  test('who sends two hundred bad keys at once has no more looked up than one after the other', async () => {
    await using stage = await setStage({ settings })
    const statuses = await Promise.all(Array.from({ length: 200 }, () => asks(stage, STRANGER)))
    expect(statuses.filter((status) => status === 401)).toHaveLength(LIMIT)
    expect(statuses.filter((status) => status === 429)).toHaveLength(200 - LIMIT)
  })

  test('is named in the log by the address that was shut out', async () => {
    await using stage = await setStage({ settings })
    await fail(stage, '[2001:db8:1:2::7]:51234')
    expect(await asks(stage, '2001:db8:1:2:ffff::')).toBe(429)
    expect(await asks(stage, '2001:db8:1:3::7')).toBe(401)
    const shut = stage.gateway.log.filter(({ message }) => message.includes('too often'))
    expect(shut).toMatchObject([{ level: 'warn', fields: { address: '2001:db8:1:2::/64' } }])
    expect(logText(stage.gateway.log)).toContain('too_many_failures')
  })
})

test('two hundred good keys at once, none of them seen before, are all served', async () => {
  await using stage = await setStage({ settings: { ...settings, failedAuthPerMinute: 1 } })
  const keys: string[] = []
  for (let i = 0; i < 20; i++) keys.push((await stage.gateway.user()).key)
  const asked = Array.from({ length: 200 }, (_, i) => asks(stage, STRANGER, keys[i % 20] ?? ''))
  expect(new Set(await Promise.all(asked))).toEqual(new Set([200]))
})

describe('where no proxy is trusted', () => {
  test('nobody of this machine is shut out: it may be a proxy, and all of its callers', async () => {
    await using stage = await setStage({ settings: { failedAuthPerMinute: LIMIT } })
    await fail(stage, null, 3 * LIMIT)
    await fail(stage, STRANGER, 3 * LIMIT)
    expect(await asks(stage, null, stage.user.key)).toBe(200)
  })
})

describe('where another proxy is trusted', () => {
  test('what a caller says of its address is not believed', async () => {
    const others = { trustedProxies: ['192.0.2.1', '10.0.0.0/8'], failedAuthPerMinute: LIMIT }
    await using stage = await setStage({ settings: others })
    for (let i = 0; i < LIMIT; i++) expect(await asks(stage, `203.0.113.${i}`)).toBe(401)
    expect(await asks(stage, '203.0.113.99')).toBe(429)
    expect(await asks(stage, null)).toBe(429)
  })
})
