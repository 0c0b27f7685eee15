import { expect, test } from 'bun:test'
import { toRequestRow } from '../../../app/usage/row.ts'
import { usageRecord } from '../support/usage-record.ts'

test('every field of a usage record has its column, under its own name', () => {
  const record = usageRecord('1')
  const row: Record<string, unknown> = { ...toRequestRow(record) }
  const column = (field: string) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const expected = Object.entries(record).map(([field, value]) => [
    column(field),
    typeof value === 'boolean' ? Number(value) : value,
  ])
  expect(row).toEqual(Object.fromEntries(expected))
})
