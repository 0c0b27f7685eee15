import { test} from 'bun:test'
import { describeEachDatabase } from './support/each-database.ts'
await describeEachDatabase('d', (openFresh) => {
test('x', async () => {
  const t=performance.now()
  const f = await openFresh()
console.log(performance.now()-t, f.url)
})
})
