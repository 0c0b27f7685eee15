import { expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { Secret } from '../../../app/domain/secret.ts'

const TEXT = 'correct horse battery staple'

test('a secret is given away by reveal() and nothing else', () => {
  const secret = new Secret(TEXT)
  const holder = { secret, list: [secret], map: new Map([['key', secret]]) }
  const printed = [
    `${secret}`,
    String(secret),
    `${holder.list}`,
    JSON.stringify(secret),
    JSON.stringify(holder, null, 2),
    inspect(secret),
    inspect(holder, { depth: null, showHidden: true }),
    inspect(secret, { customInspect: false, showHidden: true }),
    Bun.inspect(secret),
    Bun.inspect(holder, { depth: 10 }),
    Object.entries(secret).join(),
    JSON.stringify({ ...secret }),
    String(new Error(`can't open ${secret}`)),
    inspect(new Error('failed', { cause: secret })),
    JSON.stringify(structuredClone({ ...secret })),
  ]
  for (const text of printed) expect(text).not.toContain('horse')
  expect(`${secret}`).toBe('[secret]')
  expect(JSON.stringify(holder)).toBe('{"secret":"[secret]","list":["[secret]"],"map":{}}')
  expect(secret.reveal()).toBe(TEXT)
})
