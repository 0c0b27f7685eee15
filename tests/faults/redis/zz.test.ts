import { expect, test } from 'bun:test'
import { startReplicas, median, until } from '/work/main/tests/faults/redis/replicas.ts'
import { limitOf, needing } from '/work/main/tests/unit/limits/limit-states.ts'
const day = limitOf({ amount: 100, window: 'day' })
const stat = (n: number[]) => { const s = n.toSorted((a,b)=>a-b); return {n: s.length, p50: median(s), p90: s[Math.floor(s.length*.9)], max: s.at(-1)} }
for (const how of ['crash', 'pause'] as const)
test(`x ${how}`, async () => {
  await using replicas = await startReplicas(3)
  const { redis, all } = replicas
  const [a,b,c] = all as any
  const before = [...await a.admitAll(25, [day]), ...await b.admitAll(15, [day])]
  for (const r of before.slice(0,25)) await replicas.settle(a, r)
  for (const r of before.slice(25)) await replicas.settle(b, r)
  console.log(stat(replicas.durations()), await replicas.bucket(day))
  if (how === 'crash') await redis.stop('crash'); else await redis.pause()
  const t = performance.now()
  const during = (await Promise.all(all.map(r => r.admitAll(60, [day])))).map(x => x.length)
  console.log(how, during, performance.now() - t, stat(replicas.durations()), all.map(r => r.limiter.mode))
  await Bun.sleep(1000)
  if (how === 'crash') await redis.start(); else await redis.resume()
  const t2 = performance.now()
  await replicas.untilMode('exact')
  console.log('back', performance.now() - t2)
  await Bun.sleep(500)
  console.log(await replicas.bucket(day))
  console.log('after', (await a.admitAll(30,[day])).length)
  console.log(a.log.entries)
}, 60000)
