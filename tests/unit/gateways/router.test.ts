import { expect, test } from 'bun:test'
import { createApp } from '../../../app/factory.ts'
import { GATEWAYS } from '../../../app/gateways/registry.ts'

test('the paths of the gateways are such that the fast router takes them', async () => {
  const app = createApp()
  for (const { basePath, operations } of GATEWAYS) {
    for (const { method, paths } of operations) {
      for (const path of paths) app.on(method, basePath + path, (c) => c.text(''))
    }
  }
  await app.request('http://localhost/')
  expect(app.router.name).toBe('SmartRouter + RegExpRouter')
})
