import { expect, test } from 'bun:test'
import {
  allPermissions,
  includesEverything,
  MANAGEMENT_PERMISSIONS,
} from '../../../app/domain/role.ts'

test('there is a permission for each gateway, beside all that there is to manage', () => {
  expect(allPermissions(['ollama', 'new'])).toEqual([
    'gateway:ollama',
    'gateway:new',
    ...MANAGEMENT_PERMISSIONS,
  ])
})

test('who has all that there is to manage may do everything, whatever gateways there are', () => {
  expect(includesEverything(new Set(MANAGEMENT_PERMISSIONS))).toBe(true)
  expect(includesEverything(new Set(allPermissions(['ollama'])))).toBe(true)
  for (const lacking of MANAGEMENT_PERMISSIONS) {
    const others = allPermissions(['ollama']).filter((name) => name !== lacking)
    expect([lacking, includesEverything(new Set(others))]).toEqual([lacking, false])
  }
  expect(includesEverything(new Set())).toBe(false)
})
