import { expect, test } from 'bun:test'
import { gatewayState } from '../../../app/domain/gateway-state.ts'

test.each([
  [true, 2, 'active'],
  [true, 0, 'unavailable'],
  [true, null, 'active'],
  [false, 2, 'disabled'],
  [false, 0, 'disabled'],
  [false, null, 'disabled'],
] as const)('a gateway that is on (%p) while %p hosts are up is %s', (isEnabled, up, state) => {
  expect(gatewayState(isEnabled, up)).toBe(state)
})
