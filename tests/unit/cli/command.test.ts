import { expect, test } from 'bun:test'
import type { ArgValues } from '../../../cli/command.ts'

test('the types of the arguments follow from their definitions', () => {
  type Values = ArgValues<{
    name: { type: 'positional' }
    other: { type: 'positional'; required: false }
    'dry-run-now': { type: 'boolean' }
    format: { type: 'enum'; options: ['csv', 'json']; default: 'csv' }
    limit: { type: 'string'; parse: (text: string) => number; required: true }
    tag: { type: 'string'; multiple: true }
  }>
  const values: Values = {
    name: 'anna',
    other: undefined,
    dryRunNow: true,
    format: 'json',
    limit: 5,
    tag: ['a'],
  }
  const format: 'csv' | 'json' = values.format
  const limit: number = values.limit
  // @ts-expect-error an optional argument may be missing
  const other: string = values.other
  // @ts-expect-error a name that is not defined is not there
  const typo: unknown = values.dryRunNwo
  expect([format, limit, other, typo]).toEqual(['json', 5, undefined, undefined])
})
