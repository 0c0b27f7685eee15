import { expect, test } from 'bun:test'
import { createSigningKeys, makeSigningKey } from '../../../app/auth/signing-keys.ts'
import type { Db } from '../../../db/client.ts'
import { deleteSigningKeys, insertSigningKey } from '../../../db/queries/signing-keys.ts'
import { testKeyring } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

await describeEachDatabase('a signing key that was taken away', (openFresh) => {
  test('is not brought back by a look that was under way', async () => {
    const { db } = await openFresh()
    const times = { createdAt: 1, signsFrom: 1 }
    await insertSigningKey(db, await makeSigningKey({ keyring: testKeyring, id: 'key-1' }, times))
    const held = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const slow = heldBack(db, begun.resolve, held.promise)
    const keys = createSigningKeys({ db: slow, keyring: testKeyring, clock: { now: () => 10_000 } })
    const look = keys.has('key-1')
    await begun.promise
    await deleteSigningKeys(db, ['key-1'])
    keys.forget()
    held.resolve()
    expect(await look).toBe(false)
    expect(await keys.has('key-1')).toBe(false)
  })
})

/** The database, whose first answer is kept back until then. */
function heldBack(db: Db, onAnswer: () => void, until: Promise<void>): Db {
  let isFirst = true
  return db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (!isFirst) return result
      isFirst = false
      onAnswer()
      await until
      return result
    },
  })
}
