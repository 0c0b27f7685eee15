import { expect, test } from 'bun:test'
import { type Cell, type Column, record, table } from '../../../cli/table.ts'

type Row = { readonly name: Cell; readonly tokens: Cell; readonly note: Cell }

const columns: Column<Row>[] = [
  { header: 'name', value: (row) => row.name },
  { header: 'tokens', value: (row) => row.tokens },
  { header: 'note', value: (row) => row.note },
]

test('columns are aligned by what is seen, numbers to the right, without frames', () => {
  const rows = [
    { name: 'anna', tokens: 1234567, note: 'first' },
    { name: '日本', tokens: 12n, note: null },
    { name: 'é👩‍👩‍👧', tokens: null, note: 'last' },
  ]
  expect(table(rows, columns)).toBe(
    [
      'NAME   TOKENS  NOTE',
      'anna  1234567  first',
      '日本       12  -',
      'é👩‍👩‍👧         -  last',
      '',
    ].join('\n'),
  )
})

test('each kind of value has one plain form', () => {
  const values: Cell[] = [true, false, null, undefined, '', new Date(0), ['a', 'b'], []]
  const shown = record(
    values,
    values.map((cell, i) => ({ header: `v${i}`, value: () => cell })),
  )
  expect(shown.split('\n').map((line) => line.slice(4))).toEqual([
    'yes',
    'no',
    '-',
    '-',
    '-',
    '1970-01-01T00:00:00Z',
    'a, b',
    '-',
    '',
  ])
})

test('the longest texts are cut to fit; numbers, ids and headers never', () => {
  const rows = [{ name: 'a-name-to-copy', tokens: 123456789, note: 'n'.repeat(50) }]
  const [name, ...others] = columns
  const withId: Column<Row>[] = [{ header: 'id', value: (row) => row.name, whole: true }, ...others]
  expect(name?.header).toBe('name')
  const lines = table(rows, withId, 40).split('\n')
  expect(lines[1]).toBe(`a-name-to-copy  123456789  ${'n'.repeat(12)}…`)
  expect(Bun.stringWidth(lines[1] ?? '')).toBe(40)
  expect(table(rows, withId, 10).split('\n')[1]).toBe('a-name-to-copy  123456789  nnnnnnn…')
  expect(table(rows, withId)).toContain('n'.repeat(50))
})

test('wide characters are never cut in half', () => {
  const rows = [{ name: '日本語の長い名前です', tokens: 1, note: 'x' }]
  for (let width = 20; width < 40; width++) {
    for (const line of table(rows, columns, width).trimEnd().split('\n')) {
      expect(Bun.stringWidth(line)).toBeLessThanOrEqual(Math.max(width, 22))
    }
  }
})

test('a value from the database stays on its line and cannot steer the terminal', () => {
  const evil = 'x\r\n\u001b[2J\u202eadmin'
  expect(table([{ name: evil, tokens: 1, note: [evil] }], columns).split('\n')).toHaveLength(3)
  const shown = record({ name: evil, tokens: 1, note: [evil] }, columns)
  expect(shown).toContain('x\\r\\n\\x1b[2J\\u202eadmin')
  expect(shown.split('\n')).toHaveLength(4)
})

test('a record is labelled lines in the order of the columns', () => {
  const row = { name: 'anna', tokens: 5, note: 'n'.repeat(200) }
  expect(record(row, columns)).toBe(`Name    anna\nTokens  5\nNote    ${'n'.repeat(200)}\n`)
})
