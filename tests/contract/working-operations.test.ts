import { expect, test } from 'bun:test'
import { WORKING_OPERATIONS } from '../../app/domain/usage.ts'
import { GATEWAYS } from '../../app/gateways/registry.ts'

test('the operations that count in the ledger are those that limits are asked for', () => {
  const working = GATEWAYS.flatMap(({ operations }) =>
    operations.flatMap(({ name, isWork }) => (isWork ? [name] : [])),
  )
  expect(WORKING_OPERATIONS.toSorted()).toEqual([...new Set(working)].sort())
})
