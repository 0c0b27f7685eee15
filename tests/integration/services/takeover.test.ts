import { expect, test } from 'bun:test'
import { actorOf } from '../../support/actors.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

const PASSWORD = 'violet-harbour-9-teapots'

await describeEachDatabase('who manages users', (openFresh) => {
  test('cannot become one of them who may use more models', async () => {
    const { db } = await openFresh()
    const admin = testAdmin(db)
    const permissions = ['gateway:ollama', 'users:manage']
    await admin.roles.create(TESTER, { name: 'helpdesk', permissions, models: ['llama3'] })
    await admin.roles.create(TESTER, { name: 'guest', permissions: ['gateway:ollama'] })
    await admin.roles.update(TESTER, 'guest', { models: ['llama3:latest'] })
    await admin.users.create(TESTER, { username: 'helper', roles: ['helpdesk'] })
    await admin.users.create(TESTER, { username: 'anna', roles: ['basic'] })
    await admin.users.create(TESTER, { username: 'guest', roles: ['guest'] })
    const helper = await actorOf({ db, admin }, 'helper')
    const refused = { code: 'forbidden', message: expect.stringContaining('may do more than you') }
    await expect(admin.users.setPassword(helper, 'anna', PASSWORD)).rejects.toMatchObject(refused)
    await expect(admin.keys.generate(helper, 'anna')).rejects.toMatchObject(refused)
    await admin.users.setPassword(helper, 'guest', PASSWORD)
    expect((await admin.keys.generate(helper, 'guest')).username).toBe('guest')
  })
})
