import { describe, expect, test } from 'bun:test'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { register } from 'prom-client'
import { createMetrics } from '../../../app/metrics/registry.ts'
import { usageRecord } from '../support/usage-record.ts'
import { samplesOf } from './exposition.ts'

const MODULE = join(import.meta.dir, '../../../app/metrics/registry.ts')
/** No child may take longer, in ms; one that does is killed. */
const MOST_MS = 20_000

const read = async (metrics = createMetrics({ version: '1.2.3' })) =>
  samplesOf(await metrics.text())

test('the version that runs is told', async () => {
  expect((await read())['parallama_build_info{version="1.2.3"}']).toBe(1)
})

test('every family says what it is', async () => {
  const text = await createMetrics({ version: '1.2.3' }).text()
  const help = [...text.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name)
  const types = [...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram)$/gm)]
  expect(help.length).toBeGreaterThan(10)
  expect(types.map(([, name]) => name)).toEqual(help)
})

test('two of them count apart, and nothing is registered for the whole process', async () => {
  const [one, other] = [createMetrics({ version: '1' }), createMetrics({ version: '2' })]
  one.limits.shieldBlocked()
  one.requests.observeRequest(usageRecord('1'))
  expect((await read(one)).parallama_shield_blocked_total).toBe(1)
  expect((await read(other)).parallama_shield_blocked_total).toBe(0)
  expect(await other.text()).not.toContain('parallama_requests_total{')
  expect(register.getMetricsAsArray()).toEqual([])
})

test('a process that has them can end', async () => {
  const code = `
    import { createMetrics } from ${JSON.stringify(MODULE)}
    await createMetrics({ version: '1' }).text()
  `
  const child = Bun.spawn([process.execPath, '-e', code], {
    stdout: 'ignore',
    stderr: 'inherit',
    timeout: MOST_MS,
    killSignal: 'SIGKILL',
  })
  expect(await child.exited).toBe(0)
})

describe('of the process', () => {
  test('memory, CPU time and start are told as they are now', async () => {
    const metrics = createMetrics({ version: '1' })
    const before = await read(metrics)
    expect(before.process_resident_memory_bytes).toBeGreaterThan(1_000_000)
    expect(before.process_cpu_seconds_total).toBeGreaterThan(0)
    expect(before.process_start_time_seconds).toBeWithin(1_500_000_000, Date.now() / 1000 + 1)
    const used = process.cpuUsage()
    while (process.cpuUsage(used).user + process.cpuUsage(used).system < 20_000);
    const after = await read(metrics)
    const added = (after.process_cpu_seconds_total ?? 0) - (before.process_cpu_seconds_total ?? 0)
    expect(added).toBeGreaterThanOrEqual(0.019)
    expect(after.process_start_time_seconds).toBe(Number(before.process_start_time_seconds))
  })

  test.if(process.platform === 'linux')('file descriptors are counted', async () => {
    const metrics = createMetrics({ version: '1' })
    const before = await read(metrics)
    const descriptors = Array.from({ length: 40 }, () => openSync(MODULE, 'r'))
    const after = await read(metrics)
    for (const descriptor of descriptors) closeSync(descriptor)
    const added = (after.process_open_fds ?? 0) - (before.process_open_fds ?? 0)
    expect(added).toBeWithin(30, 51)
    expect(after.process_max_fds).toBeGreaterThan(after.process_open_fds ?? 0)
  })
})
