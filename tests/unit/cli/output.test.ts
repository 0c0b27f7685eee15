import { describe, expect, test } from 'bun:test'
import { createOutput } from '../../../cli/output.ts'
import { memoryStream } from './command-tree.ts'

const columns = [{ header: 'name', value: (row: { readonly name: string }) => row.name }]
const long = [{ name: 'n'.repeat(60) }]
const options = { empty: 'No users yet.' }

function outputTo(terminal: { readonly isTTY: boolean; readonly columns: number }, isJson = false) {
  const stream = memoryStream()
  const out = createOutput({ ...terminal, write: stream.write }, { json: isJson })
  return { out, text: stream.text }
}

const terminal = { isTTY: true, columns: 20 }

describe('for people', () => {
  test('a list is cut on a terminal and whole in a pipe', () => {
    const onTerminal = outputTo(terminal)
    onTerminal.out.list(long, columns, options)
    expect(onTerminal.text()).toBe(`NAME\n${'n'.repeat(19)}…\n`)
    const inPipe = outputTo({ isTTY: false, columns: 20 })
    inPipe.out.list(long, columns, options)
    expect(inPipe.text()).toBe(`NAME\n${'n'.repeat(60)}\n`)
  })

  test('an empty list is a sentence', () => {
    const { out, text } = outputTo(terminal)
    out.list([], columns, options)
    expect(text()).toBe('No users yet.\n')
  })

  test('a record without columns shows each property', () => {
    const { out, text } = outputTo(terminal)
    out.record({ id: '1', lastUsedAt: null, token_count: 5, roles: ['a'], extra: { a: 1 } })
    expect(text()).toBe(
      'Id            1\nLast used at  -\nToken count   5\nRoles         a\nExtra         {"a":1}\n',
    )
  })

  test('messages, records and lists may follow one another', () => {
    const { out, text } = outputTo(terminal)
    out.message('Created\u001b[A.')
    out.record({ a: 1 })
    out.finish()
    expect(text()).toBe('Created\\x1b[A.\nA  1\n')
  })
})

describe('with --json stdout holds one JSON value and nothing else', () => {
  test('a list is all of its rows, also when there are none', () => {
    for (const rows of [long, []]) {
      const { out, text } = outputTo(terminal, true)
      out.message('Here they are.')
      out.list(rows, columns, options)
      out.finish()
      expect(JSON.parse(text())).toEqual(rows)
    }
  })

  test('messages alone become the value', () => {
    const { out, text } = outputTo(terminal, true)
    out.message('Deleted anna.')
    out.message('Usage is kept.')
    expect(text()).toBe('')
    out.finish()
    expect(JSON.parse(text())).toEqual({ message: 'Deleted anna.\nUsage is kept.' })
  })

  test('a second value is a mistake of the program', () => {
    const { out } = outputTo(terminal, true)
    out.record({ a: 1 }, [])
    expect(() => out.record({ b: 1 })).toThrow('only one JSON value')
  })
})
