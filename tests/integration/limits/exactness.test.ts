import { describe, expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import { startFakeOllama } from '../../support/fake-ollama.ts'
import { CHAT } from '../../support/gateway/stage.ts'
import { freshDatabase, redisForTests } from '../../support/servers.ts'
import { gatherCrowd, requestText, tally } from './crowd.ts'
import { startReplicas } from './replicas.ts'

const redis = await redisForTests()
const database = await freshDatabase()
const redisUrl = 'url' in redis ? redis.url : ''
const databaseUrl = 'url' in database ? database.url : ''

test('x', async () => {
  await using ollama = Object.assign(await startFakeOllama({ numParallel: 64 }), {
    [Symbol.asyncDispose]: () => ollama.stop(),
  })
  const t0 = performance.now()
  await using replicas = await startReplicas({ count: 3, databaseUrl, redisUrl, ollama })
  console.log('start', performance.now() - t0)
  using crowd = await gatherCrowd(
    replicas.all.map(({ port }) => port),
    1000,
  )
  console.log('crowd', performance.now() - t0)
  for (let i = 0; i < 20; i++) {
    const user = await replicas.user()
    await replicas.admin.limits.set(
      TESTER,
      { user: user.username },
      { gateway: 'ollama', amounts: [{ unit: 'requests', window: 'day', amount: 100 }] },
    )
    const t = performance.now()
    const text = requestText(user, '/ollama/api/chat', { ...CHAT, stream: false })
    console.log(tally(await crowd.ask(() => text)), performance.now() - t)
  }
  console.log(replicas.warnings())
}, 120_000)
