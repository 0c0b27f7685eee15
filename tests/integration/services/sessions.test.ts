import { beforeEach, expect, test } from 'bun:test'
import type { Actor } from '../../../app/services/actor.ts'
import { createCleanUp } from '../../../app/services/clean-up.ts'
import type { Db } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'
import { principal } from '../../unit/support/principal.ts'
import { addUser, auditOf, DAY_MS, FROM, type SessionStage, setSessions } from './session-stage.ts'

await describeEachDatabase('sessions', (openFresh) => {
  let db: Db
  let stage: SessionStage
  let anna: string
  let bob: string

  beforeEach(async () => {
    db = (await openFresh()).db
    stage = await setSessions(db)
    anna = await addUser(db, 'anna')
    bob = await addUser(db, 'bob')
  })

  const list = (username: string) => stage.sessions.list({ username })
  const idOf = async (username: string) => (await list(username))[0]?.id ?? ''
  const isLive = async (token: string) =>
    (await refusalOf(stage.sessions.refresh(token, FROM))) === null
  const user = (username: string, ...permissions: string[]): Actor => {
    const userId = username === 'anna' ? anna : bob
    const who = principal({ username, userId, permissions: new Set(permissions) })
    return { ...TESTER, name: `user:${username}`, principal: who }
  }

  test('are listed while they live, the newest first, and only those of the user', async () => {
    await stage.login('anna')
    stage.clock.advance(DAY_MS)
    await stage.login('anna')
    await stage.login('bob')
    const [second, first] = await list('ANNA')
    expect(await stage.sessions.list({ userId: anna })).toEqual(await list('anna'))
    expect(first?.createdAt).toBe(stage.clock.now() - DAY_MS)
    expect(first?.expiresAt).toBe(stage.clock.now() + 6 * DAY_MS)
    expect(JSON.stringify(second)).not.toContain('salt')
    stage.clock.advance(6 * DAY_MS)
    expect(await list('anna')).toMatchObject([{ id: second?.id ?? '' }])
    expect(await refusalOf(list('nobody'))).toMatchObject({ code: 'not_found' })
  })

  test('end at a logout by any genuine token, once, and for all servers', async () => {
    const first = await stage.login()
    const second = await stage.sessions.refresh(first.refreshToken, FROM)
    const before = await stage.revision()
    expect(await stage.sessions.logout({ refreshToken: first.refreshToken }, FROM)).toBe(true)
    expect(await stage.revision()).toBe(before + 1)
    expect(await isLive(second.refreshToken)).toBe(false)
    expect(await stage.sessions.logout({ refreshToken: second.refreshToken }, FROM)).toBe(false)
    for (const refreshToken of ['', 'x', second.accessToken]) {
      expect(await stage.sessions.logout({ refreshToken }, FROM)).toBe(false)
    }
    const third = await stage.login()
    expect(await stage.sessions.logout({ sessionId: await idOf('anna') }, FROM)).toBe(true)
    expect(await isLive(third.refreshToken)).toBe(false)
    expect(await stage.sessions.logout({ sessionId: "no'such\0one" }, FROM)).toBe(false)
    expect(await stage.revision()).toBe(before + 2)
    expect(await auditOf(db, 'logout')).toMatchObject([
      { actor: 'user:anna', target: 'anna', address: FROM.address },
      { actor: 'user:anna', target: 'anna' },
    ])
  })

  test('are ended by who owns them; those of others are as good as unknown', async () => {
    const tokens = await stage.login('bob')
    const id = await idOf('bob')
    const [actor, owner] = [user('anna'), user('bob')]
    const unknown = { code: 'not_found', message: `there is no session with the id "${id}"` }
    const stolen = stage.sessions.revoke(actor, id, { owner: anna })
    expect(await refusalOf(stolen)).toMatchObject(unknown)
    for (const wrong of ['', 'NoSuchLogi', 'a\0b', "' or 1=1"]) {
      expect(await refusalOf(stage.sessions.revoke(TESTER, wrong))).toMatchObject({
        code: 'not_found',
      })
    }
    expect(await isLive(tokens.refreshToken)).toBe(true)
    expect(await stage.sessions.revoke(owner, id, { owner: bob })).toMatchObject({ id })
    expect(await isLive(tokens.refreshToken)).toBe(false)
    const before = await stage.revision()
    expect(await stage.sessions.revoke(owner, id, { owner: bob })).toMatchObject({ id })
    expect(await stage.revision()).toBe(before)
  })

  test('of who may do more are ended by nobody who may do less', async () => {
    const { roles } = testAdmin(db)
    await roles.grant(TESTER, 'bob', 'admin', null)
    const tokens = await stage.login('bob')
    await roles.grant(TESTER, 'anna', 'basic', null)
    const actor = user('anna', 'gateway:ollama')
    const id = await idOf('bob')
    for (const act of [
      () => stage.sessions.revoke(actor, id),
      () => stage.sessions.revokeAll(actor, 'bob'),
      () => stage.sessions.revokeEverything(actor, 'bob'),
      () => stage.sessions.rotateTokens(actor, 'bob'),
    ]) {
      expect(await refusalOf(act())).toMatchObject({ code: 'forbidden' })
    }
    const { accessToken } = await stage.sessions.refresh(tokens.refreshToken, FROM)
    expect(await stage.needs.accessTokens.read(accessToken)).toMatchObject({ version: 0 })
    expect(await auditOf(db, 'session.revoke')).toMatchObject([{ outcome: 'refused' }])
    const own = user('bob')
    expect(await stage.sessions.revokeAll(own, 'bob')).toBe(1)
  })

  test('of a user all end at once but the one that is kept, and the keys too if that is asked', async () => {
    const keeper = await stage.login('anna')
    const kept = await idOf('anna')
    stage.clock.advance(1)
    const others = [await stage.login('anna'), await stage.login('anna')]
    const other = await stage.login('bob')
    expect(await stage.sessions.revokeAll(TESTER, 'Anna', { except: kept })).toBe(2)
    for (const { refreshToken } of others) expect(await isLive(refreshToken)).toBe(false)
    expect(await isLive(other.refreshToken)).toBe(true)
    expect(await isLive(keeper.refreshToken)).toBe(true)
    const { keys } = testAdmin(db)
    const { id } = await keys.generate(TESTER, 'anna')
    const bobs = await keys.generate(TESTER, 'bob')
    const ended = await stage.sessions.revokeEverything(TESTER, 'anna')
    expect(ended).toEqual({ sessions: 1, keys: 1 })
    const statuses = (await keys.list()).map((key) => [key.id, key.revokedAt !== null])
    expect(Object.fromEntries(statuses)).toEqual({ [id]: true, [bobs.id]: false })
    expect(await stage.sessions.revokeAll(TESTER, 'anna')).toBe(0)
    expect(await refusalOf(stage.sessions.revokeAll(TESTER, 'nobody'))).toMatchObject({
      code: 'not_found',
    })
  })

  test('get new access tokens when theirs are made worthless; the grace of used ones is over', async () => {
    const first = await stage.login('anna')
    const second = await stage.sessions.refresh(first.refreshToken, FROM)
    const lent = await stage.login('anna')
    await stage.login('bob')
    const before = await stage.revision()
    expect(await stage.sessions.rotateTokens(TESTER, 'anna')).toBe(2)
    expect(await stage.revision()).toBe(before + 1)
    const third = await stage.sessions.refresh(second.refreshToken, FROM)
    expect(await stage.needs.accessTokens.read(third.accessToken)).toMatchObject({ version: 1 })
    await stage.sessions.refresh(lent.refreshToken, FROM)
    expect(await stage.sessions.rotateTokens(TESTER, 'anna')).toBe(2)
    expect(await isLive(lent.refreshToken)).toBe(false)
    expect(await isLive(third.refreshToken)).toBe(true)
  })

  test('are forgotten a month after their end, and not before', async () => {
    const { prune } = createCleanUp({ db, clock: stage.clock })
    await stage.login('anna')
    await stage.sessions.revokeAll(TESTER, 'anna')
    await stage.login('bob')
    stage.clock.advance(30 * DAY_MS)
    expect(await prune()).toEqual({ sessions: 0, invitations: 0 })
    stage.clock.advance(1)
    expect(await prune()).toEqual({ sessions: 1, invitations: 0 })
    stage.clock.advance(7 * DAY_MS)
    expect(await prune()).toEqual({ sessions: 1, invitations: 0 })
  })
})
