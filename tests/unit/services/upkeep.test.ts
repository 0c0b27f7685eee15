import { expect, test } from 'bun:test'
import { once } from 'node:events'
import { silentLog } from '../../../app/log.ts'
import { startUpkeep, type Task } from '../../../app/services/upkeep.ts'
import { recordingLog } from '../../support/gateway/log.ts'

const task = (run: Task['run'], failure = 'it failed'): Task => ({
  failure,
  everyMs: 3_600_000,
  run,
})

test('what is due while no server ran is done at the start', async () => {
  let runs = 0
  const tasks = [1, 2].map(() => task(async () => ++runs))
  await startUpkeep({ tasks, log: silentLog }).close()
  expect(runs).toBe(2)
})

test('a task that fails is said in the log and stops no other', async () => {
  const log = recordingLog()
  let hasRun = false
  const bad = task(() => Promise.reject(new Error('connection refused')), 'keys could not')
  const good = task(async () => {
    hasRun = true
  })
  await startUpkeep({ tasks: [bad, good], log }).close()
  expect(log.entries).toMatchObject([{ level: 'warn', message: 'keys could not' }])
  expect(hasRun).toBe(true)
})

test('closing tells what is under way to end', async () => {
  let isTold = false
  const long = task(async (signal) => {
    await once(signal, 'abort')
    isTold = true
  })
  await startUpkeep({ tasks: [long], log: silentLog }).close()
  expect(isTold).toBe(true)
})

test('closing waits for what is under way', async () => {
  const order: string[] = []
  const running = Promise.withResolvers<void>()
  const slow = task(async () => {
    await running.promise
    order.push('done')
  })
  const closed = startUpkeep({ tasks: [slow], log: silentLog })
    .close()
    .then(() => order.push('closed'))
  running.resolve()
  await closed
  expect(order).toEqual(['done', 'closed'])
})
