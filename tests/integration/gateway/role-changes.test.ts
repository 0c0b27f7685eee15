import { expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { chatChunk } from '../../support/fake-ollama/records.ts'
import { hang, stream } from '../../support/fake-ollama/script.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'

const EXPIRES_IN_MS = 700
/** Live requests are looked at each second; the rest is for a busy machine. */
const CUT_WITHIN_MS = 1500

await describeEachDatabase('through a gateway, a role', (openFresh) => {
  const stageOn = async (): Promise<Stage> => await setStage({ database: await openFresh() })

  test('that expires in the middle of answers cuts them at that second, and no others', async () => {
    await using stage = await stageOn()
    const { gateway, ollama } = stage
    const { roles } = gateway.admin
    await roles.create(TESTER, { name: 'team', permissions: ['gateway:ollama'], models: ['*'] })
    await roles.create(TESTER, { name: 'extra', parent: 'basic', permissions: ['usage:read'] })
    const [anna, bob] = [await gateway.user({ roles: ['team'] }), await gateway.user()]
    ollama.on('/api/chat', [stream([chatChunk(MODEL, 'one ')]), hang()])
    const expiresAt = Date.now() + EXPIRES_IN_MS
    await roles.grant(TESTER, anna.username, 'team', expiresAt)
    await roles.grant(TESTER, bob.username, 'extra', expiresAt)
    const live = async (as: typeof anna) =>
      readRecords(await stage.post('/ollama/api/chat', CHAT, { as }))
    const [annas, bobs] = [await live(anna), await live(bob)]
    for (const answer of [annas, bobs]) {
      expect(await answer.next()).toMatchObject({ message: { content: 'one ' } })
    }

    expect(await annas.rest()).toEqual([
      { code: 'revoked', error: expect.stringContaining('withdrawn') },
    ])
    expect(Date.now() - expiresAt).toBeWithin(0, CUT_WITHIN_MS)
    await ollama.nextAbort()
    expect(ollama.inFlight()).toBe(1)
    await gateway.accounted(1)
    expect(await gateway.usageOf(anna)).toMatchObject([
      { outcome: 'cancelled', error_code: 'revoked', completion_tokens: 1, estimated: 1 },
    ])
    expect((await stage.post('/ollama/api/chat', CHAT, { as: anna })).status).toBe(403)
    await bobs.leave()
  })

  test('permits a gateway and models from the request after it was changed', async () => {
    await using stage = await stageOn()
    const { gateway } = stage
    const { roles, users } = gateway.admin
    await roles.create(TESTER, { name: 'team', models: ['other*'] })
    await roles.create(TESTER, { name: 'members', parent: 'team' })
    const anna = await gateway.user({ roles: ['members'] })
    const show = async () =>
      (await stage.post('/ollama/api/show', { model: MODEL }, { as: anna })).status
    const untilStatus = async (wanted: number): Promise<void> => {
      const deadline = performance.now() + 1000
      let status = await show()
      while (status !== wanted && performance.now() < deadline) status = await show()
      expect(status).toBe(wanted)
    }
    expect(await show()).toBe(403)
    await roles.update(TESTER, 'team', { permissions: ['gateway:openai'] })
    await untilStatus(403)
    await roles.update(TESTER, 'team', { permissions: ['gateway:ollama'] })
    await untilStatus(404)
    await roles.update(TESTER, 'members', { models: ['llama3.2*'] })
    await untilStatus(200)
    await roles.update(TESTER, 'members', { parent: null })
    await untilStatus(403)
    await users.update(TESTER, anna.username, { roles: ['basic'] })
    await untilStatus(200)
    await roles.delete(TESTER, 'members', { force: true })
    expect(await show()).toBe(200)
  })

  test('holds its members to so many requests at once, as its cap says', async () => {
    await using stage = await stageOn()
    const { gateway, ollama } = stage
    await gateway.admin.roles.create(TESTER, { name: 'team', parent: 'basic', concurrent: 1 })
    const anna = await gateway.user({ roles: ['team'] })
    ollama.on('/api/chat', [stream([chatChunk(MODEL, 'one ')]), hang()])
    const first = readRecords(await stage.post('/ollama/api/chat', CHAT, { as: anna }))
    await first.next()
    expect((await stage.post('/ollama/api/chat', CHAT, { as: anna })).status).toBe(429)
    await gateway.admin.roles.update(TESTER, 'team', { concurrent: 2 })
    const deadline = performance.now() + 1000
    let second = await stage.post('/ollama/api/chat', CHAT, { as: anna })
    while (second.status === 429 && performance.now() < deadline) {
      second = await stage.post('/ollama/api/chat', CHAT, { as: anna })
    }
    expect(second.status).toBe(200)
    await Promise.all([first.leave(), readRecords(second).leave()])
  })
})
