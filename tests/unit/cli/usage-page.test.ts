import { expect, test } from 'bun:test'
import type { UsageReport } from '../../../app/services/usage-report.ts'
import { reportPage } from '../../../cli/commands/usage/report-page.ts'

const line = (name: string, gpuHours: number) => ({
  ...{ name, gpuHours, requests: 1, promptTokens: 2000, completionTokens: 3 },
  ...{ coldLoads: 0, coldLoadMinutes: 0, queueMinutes: 0, kwh: null, cost: null },
})

const report = (changes: Partial<UsageReport>): UsageReport => ({
  ...{ from: 0, until: 3_600_000, zone: 'UTC', title: 'January 1970', madeAt: 0 },
  ...{ gateway: null, username: null, role: null, currency: '' },
  ...{ users: [], roles: [], models: [], total: line('Total', 4) },
  ...changes,
})

test('a page has each name as text, which is cut where it can be read, and its share as a bar', () => {
  const users = [{ ...line('<b>anna', 1), roles: [] }]
  const models = [line('host/team/model:70b', 3)]
  const page = reportPage(report({ users, models, title: 'R&D' }))
  expect(page).toContain('<th scope="row">&lt;b&gt;anna<i style="width:25.0%"></i></th>')
  expect(page).toContain('>host/<wbr>team/<wbr>model:<wbr>70b<i style="width:75.0%"></i></th>')
  expect(page).toContain('<title>Usage, R&amp;D</title>')
  expect(page).toContain('<td>2,000</td>')
  expect(page).not.toContain('<b>')
})

test('a page of nothing says so, and one of no GPU hours has no bars', () => {
  expect(reportPage(report({}))).toContain('Nothing was used in this time.')
  const users = [{ ...line('anna', 0), roles: [] }]
  const page = reportPage(report({ users, total: line('Total', 0) }))
  expect(page).toContain('width:0.0%')
  expect(page).not.toContain('NaN')
})
