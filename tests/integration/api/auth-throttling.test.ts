import { describe, expect, test } from 'bun:test'
import { openDatabase } from '../../../db/client.ts'
import { type ApiAnswer, callApi } from '../../support/api.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { type Stage, setStage } from '../../support/gateway/stage.ts'
import { logIn, PASSWORD, setLoginStage, type Trying, tryLogin } from '../../support/logins.ts'
import { ownRedis, redisForTests } from '../../support/servers.ts'

const OWNER = '198.51.100.7'
const STRANGER = '203.0.113.5'
const settings = { trustedProxies: ['127.0.0.1'], failedAuthPerMinute: 1000 }

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })

/** How attempts to log in end: all at once, with the wrong password unless it is given. */
const tries = (stage: Stage, count: number, trying: Trying = {}): Promise<ApiAnswer[]> =>
  Promise.all(
    Array.from({ length: count }, () => tryLogin(stage, { password: 'wrong', ...trying })),
  )

const statusesOf = (answers: readonly ApiAnswer[]): number[] =>
  answers.map(({ status }) => status).sort()

const status = async (stage: Stage, trying: Trying): Promise<number> =>
  (await tryLogin(stage, trying)).status

/** Makes a wrong password of the stage's user cost nothing to verify. */
async function verifyQuickly({ gateway, user }: Stage): Promise<void> {
  const { db, close } = openDatabase(gateway.databaseUrl)
  const cheap = { algorithm: 'argon2id', memoryCost: 8, timeCost: 1 } as const
  const hash = { password_hash: await Bun.password.hash(PASSWORD, cheap) }
  await db.updateTable('users').set(hash).where('id', '=', user.id).execute()
  await close()
}

/** Spends what all strange addresses have together: ten of them, five times each. */
async function closeToStrangers(stage: Stage): Promise<void> {
  for (let i = 0; i < 10; i++) {
    expect(statusesOf(await tries(stage, 5, from(`203.0.113.${i}`)))).toEqual(Array(5).fill(401))
  }
}

await describeEachDatabase('passwords that are tried', (openFresh) => {
  const refusedLogins = async ({ db }: TestDatabase): Promise<number> => {
    const noted = db.selectFrom('audit_log').select('id').where('action', '=', 'login')
    return (await noted.where('outcome', '=', 'refused').execute()).length
  }

  test('two hundred at once are five, whether or not there is such a user', async () => {
    const database = await openFresh()
    await using stage = await setLoginStage({ database, settings })
    const said: string[][] = []
    for (const username of [stage.user.username, 'nobody']) {
      const before = await refusedLogins(database)
      const answers = await tries(stage, 200, { username, ...from(STRANGER) })
      expect(statusesOf(answers)).toEqual([...Array(5).fill(401), ...Array(195).fill(429)])
      expect((await refusedLogins(database)) - before).toBe(5)
      for (const { status, headers } of answers) {
        if (status === 429) expect(Number(headers.get('retry-after'))).toBeWithin(800, 901)
      }
      const shapes = answers.map(({ body, headers }) =>
        JSON.stringify([{ ...body, request_id: '' }, [...headers.keys()].sort()]),
      )
      said.push([...new Set(shapes)].sort())
    }
    expect(said[0]).toHaveLength(2)
    expect(said[1]).toEqual(said[0] ?? [])
    const right = await tryLogin(stage, from(STRANGER))
    expect([right.status, right.body.code]).toEqual([429, 'too_many_failures'])
  })
})

describe('a stranger who tries passwords', () => {
  test('does not lock out the owner, who is elsewhere', async () => {
    await using stage = await setLoginStage({ settings })
    await tries(stage, 20, from(STRANGER))
    expect(await status(stage, from(STRANGER))).toBe(429)
    expect(await status(stage, from(OWNER))).toBe(200)
    expect(await status(stage, from('2001:db8:1:2::7'))).toBe(200)
  })

  test('is told apart by the /64 of IPv6, and not by how the name is written', async () => {
    await using stage = await setLoginStage({ settings })
    const { username } = stage.user
    for (let i = 0; i < 5; i++) {
      const name = i % 2 === 0 ? username : username.toUpperCase()
      expect(
        await status(stage, { username: name, password: 'wrong', ...from(`2001:db8:1:2::${i}`) }),
      ).toBe(401)
    }
    expect(await status(stage, from('2001:db8:1:2:ffff::9'))).toBe(429)
    expect(await status(stage, from('2001:db8:1:3::9'))).toBe(200)
  })

  test('at fifty addresses closes the account to all but those where it was used', async () => {
    await using stage = await setLoginStage({ settings })
    await logIn(stage, from(OWNER))
    const byKey = await callApi(stage, 'GET', '/me', from('198.51.100.8'))
    expect(byKey.status).toBe(200)
    await verifyQuickly(stage)
    await closeToStrangers(stage)
    expect(await status(stage, from('203.0.113.99'))).toBe(429)
    expect(
      await status(stage, { username: 'nobody', password: 'x', ...from('203.0.113.99') }),
    ).toBe(401)
    expect(await status(stage, from(OWNER))).toBe(200)
    expect(statusesOf(await tries(stage, 5, from(OWNER)))).toEqual(Array(5).fill(401))
    expect(await status(stage, from(OWNER))).toBe(429)
    // Uses of keys are written down once a second.
    let atKeysPlace = 429
    while (atKeysPlace === 429) atKeysPlace = await status(stage, from('198.51.100.8'))
    expect(atKeysPlace).toBe(200)
  })

  test('is shut out at any account once the address has failed too often, but not its keys', async () => {
    await using stage = await setLoginStage({
      settings: { ...settings, failedAuthPerMinute: 8 },
    })
    const names = Array.from({ length: 12 }, (_, i) => `nobody-${i}`)
    const answers = await Promise.all(
      names.map((username) => tryLogin(stage, { username, ...from(STRANGER) })),
    )
    expect(statusesOf(answers)).toEqual([...Array(8).fill(401), ...Array(4).fill(429)])
    expect(await status(stage, from(STRANGER))).toBe(429)
    const headers = { ...from(STRANGER).headers, authorization: 'Bearer junk' }
    expect((await stage.get('/ollama/api/version', { as: null, headers })).status).toBe(401)
    expect(await status(stage, from(OWNER))).toBe(200)
  })

  test('of the one who is logged in, to change it, has five tries as well', async () => {
    await using stage = await setLoginStage({ settings })
    const as = await logIn(stage, from(OWNER))
    const change = (current_password: string) =>
      callApi(stage, 'PUT', '/me/password', {
        as,
        body: { current_password, new_password: 'another-harbour-9-teapots' },
        ...from(OWNER),
      })
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => change(`wrong-harbour-${i}-teapots`)),
    )
    expect(statusesOf(answers)).toEqual([...Array(5).fill(403), ...Array(15).fill(429)])
    expect((await change(PASSWORD)).status).toBe(429)
  })
})

describe.skipIf('skip' in (await redisForTests()))('over two gateways with one Redis', () => {
  test('what fails at one counts at the other', async () => {
    const redis = await ownRedis()
    if ('skip' in redis) throw new Error(redis.skip)
    try {
      const shared = { ...settings, redisUrl: redis.url }
      await using here = await setLoginStage({ settings: shared })
      const database = { url: here.gateway.databaseUrl }
      await using there = await setStage({ database, settings: shared })
      const user = { username: here.user.username, ...from(STRANGER) }
      expect(statusesOf(await tries(here, 4, user))).toEqual(Array(4).fill(401))
      expect(statusesOf(await tries(there, 1, user))).toEqual([401])
      for (const stage of [there, here]) {
        const wrong = statusesOf(await tries(stage, 20, user))
        expect(wrong.filter((status) => status === 401).length).toBeLessThanOrEqual(1)
        expect(await status(stage, user)).toBe(429)
      }
      expect(await status(there, { ...user, ...from(OWNER) })).toBe(200)
    } finally {
      await redis.dispose()
    }
  })
})
