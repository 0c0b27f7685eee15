import { expect, test } from 'bun:test'
import { migrateDown, migrateUp } from '../../../db/migrate.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

await describeEachDatabase('going back before there were restricted keys', (openFresh) => {
  test('ends those that are restricted, and says of refusals that they were some', async () => {
    const { db } = await openFresh()
    const admin = testAdmin(db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
    const scopes = { models: ['llama3*'] }
    const restricted = await admin.keys.generate(TESTER, 'root', { scopes })
    const whole = await admin.keys.generate(TESTER, 'root')
    await expect(admin.users.delete(TESTER, 'root')).rejects.toMatchObject({ code: 'conflict' })
    while (!(await migrateDown(db)).includes('0003-identity'));
    const keys = await db.selectFrom('api_keys').select(['id', 'revoked_at']).execute()
    expect(keys.find(({ id }) => id === restricted.id)?.revoked_at).not.toBeNull()
    expect(keys.find(({ id }) => id === whole.id)?.revoked_at).toBeNull()
    const actions = await db.selectFrom('audit_log').select('action').execute()
    expect(actions.map(({ action }) => action)).toContain('refused: user.delete')
    expect(await migrateUp(db)).toContain('0003-identity')
  })
})
