import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { createVerifier } from '../../../app/auth/verifier.ts'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import type { Principal } from '../../../app/domain/grant.ts'
import { silentLog } from '../../../app/log.ts'
import { createLiveRequests } from '../../../app/services/live-requests.ts'
import { createRevocationWatch } from '../../../app/services/revocation.ts'
import { createClock } from '../support/clock.ts'
import { principal } from '../support/principal.ts'

const KEY = mintApiKey(randomBytes).text

/** A server as far as revocation goes, over a database of one key. */
function setUp() {
  const clock = createClock()
  const database = { revision: 1, principal: principal() as Principal | null }
  const verifier = createVerifier({
    keyring: { digest: (key) => key },
    load: async () => database.principal,
    readToken: async () => null,
    clock,
  })
  const live = createLiveRequests({
    clock,
    isCurrent: verifier.isCurrent,
    reload: verifier.reload,
    deadlines: { firstByteMs: 1e6, idleMs: 1e6, totalMs: 1e6, heartbeatMs: 1e6 },
  })
  const watch = createRevocationWatch({
    readRevision: async () => database.revision,
    forget: verifier.forget,
    recheckLive: live.recheckAll,
    clock,
    log: silentLog,
  })
  const answer = (who: Principal) => {
    const codes: string[] = []
    const { end } = live.add({
      principal: who,
      isStillAllowed: () => true,
      hasDeadline: true,
      compute: null,
      cut: ({ code }) => {
        codes.push(code)
        end()
      },
    })
    return codes
  }
  const tick = async () => {
    clock.advance(250)
    await watch.check()
    await live.sweep()
  }
  const revoke = () => {
    database.revision++
    database.principal = null
  }
  return { verifier, tick, answer, revoke }
}

test('an answer that was under way when its key was revoked is cut at the next look', async () => {
  const { verifier, tick, answer, revoke } = setUp()
  await tick()
  const who = await verifier.verify(KEY)
  const codes = answer(who ?? principal())
  await tick()
  expect(codes).toEqual([])
  revoke()
  await tick()
  expect(codes).toEqual(['revoked'])
  expect(await verifier.verify(KEY)).toBeNull()
})

test('so is one whose key was revoked while its body was still arriving', async () => {
  const { verifier, tick, answer, revoke } = setUp()
  await tick()
  const who = await verifier.verify(KEY)
  revoke()
  await tick()
  const codes = answer(who ?? principal())
  for (let i = 0; i < 4; i++) await tick()
  expect(codes).toEqual(['revoked'])
})
