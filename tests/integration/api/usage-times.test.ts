import { afterAll, describe, expect, test } from 'bun:test'
import { callApi } from '../../support/api.ts'
import { setStage } from '../../support/gateway/stage.ts'

const stage = await setStage()
const admin = await stage.gateway.administrator()
afterAll(() => stage[Symbol.asyncDispose]())

type Mistake = readonly [query: string, sentence: string]

const RANGES: readonly Mistake[] = [
  [
    'from=2025-10-02&to=2025-10-01',
    'to: must be after the beginning: the range ends before it begins',
  ],
  ['from=1990-01-01', 'from: must be at most 3650 days before the end'],
  ['from=2999-01-01', 'from: must be in the past, not 2999-01-01'],
  ['from=2025-02-30', 'from: must be a time that exists, not 2025-02-30'],
  ['to=tomorrow', 'to: must be a date such as 2026-11-01 or a time such as 2026-11-01T12:00:00Z'],
  [
    'time_zone=Mars/Olympus',
    'time_zone: must be a time zone such as Europe/Berlin or UTC, not "Mars/Olympus"',
  ],
  ['since=2025-10-01', 'since: there is no such field'],
]
const DAYS: readonly Mistake[] = [
  ['days=0', 'days: must be a whole number from 1 to 3650'],
  ['days=3651', 'days: must be a whole number from 1 to 3650'],
  ['days=3&from=2025-10-01', "days: can't be given together with a beginning or an end"],
]
const MONTHS: readonly Mistake[] = [
  ['month=october', 'month: must be a month such as 2026-11'],
  ['month=2025-13', 'month: must be a month such as 2026-11, not 2025-13'],
  ['month=2999-01', 'month: must have begun, which 2999-01 has not'],
  ['month=2025-10&from=2025-10-01', "month: can't be given together with a beginning or an end"],
  [
    'from=2025-10-01T10:10&to=2025-10-01T10:50',
    'from: must be a whole hour of UTC, such as 2025-10-01T10:00Z: a report has whole hours',
  ],
]
const ADVICE: readonly Mistake[] = [
  ['days=0', 'days: must be a whole number from 1 to 365'],
  ['days=366', 'days: must be a whole number from 1 to 365'],
]

describe.each<[string, readonly Mistake[]]>([
  ['/admin/usage', [...RANGES, ...DAYS]],
  ['/admin/usage/summary', [...RANGES, ...DAYS]],
  ['/admin/usage/report', [...RANGES, ...MONTHS]],
  ['/admin/usage/advice', ADVICE],
  ['/me/usage', [...RANGES, ...DAYS]],
  ['/me/usage/summary', [...RANGES, ...DAYS]],
])('GET %s', (path, mistakes) => {
  test.each([...mistakes])('says what is wrong with %s', async (query, sentence) => {
    const { status, body } = await callApi(stage, 'GET', `${path}?${query}`, { as: admin })
    expect([status, body.code, body.detail]).toEqual([422, 'invalid', sentence])
  })
})
