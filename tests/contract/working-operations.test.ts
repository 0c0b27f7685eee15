import { expect, test } from 'bun:test'
import { WORKING_OPERATIONS } from '../support/permissions.ts'

test('what counts in the ledger is what the gateways say has a model work, each once', () => {
  expect(WORKING_OPERATIONS).toEqual(
    expect.arrayContaining(['chat', 'generate', 'embed', 'embeddings']),
  )
  const others = ['pull', 'push', 'tags', 'show', 'delete', 'version']
  expect(WORKING_OPERATIONS.filter((name) => others.includes(name))).toEqual([])
  expect(new Set(WORKING_OPERATIONS).size).toBe(WORKING_OPERATIONS.length)
})
