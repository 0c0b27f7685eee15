import { expect, test } from 'bun:test'
import { requireBun } from '../../../cli/bun-version.ts'

test('Bun is required in the minimum version or a later one', () => {
  for (const version of ['1.4.5', '1.4.6', '1.10.0', '2.0.0', '1.4.5-canary.7']) {
    expect(requireBun(version, '1.4.5')).toBeNull()
  }
  for (const version of ['1.4.4', '1.3.99', '0.9.9', '1.4', 'nonsense']) {
    expect(requireBun(version, '1.4.5')).toStartWith(
      `parallama needs Bun 1.4.5 or later, and this is Bun ${version}: `,
    )
  }
  expect(requireBun(undefined, '1.4.5')).toContain('this is not Bun')
  expect(requireBun('1.0.0', '1.4.5')).not.toContain('\n')
})
