import { expect, test } from 'bun:test'
import { inShort } from '../../../cli/commands/audit/detail.ts'

test.each<[string, Record<string, unknown>, string]>([
  [
    'why it was refused',
    { code: 'conflict', reason: 'nobody would be left' },
    'nobody would be left',
  ],
  [
    'what was and is',
    { before: { weight: null, models: ['a', 'b'] }, after: { weight: 5, models: [] } },
    'weight: - → 5; models: a, b → -',
  ],
  [
    'the names of roles',
    {
      before: { roles: [{ name: 'basic', expiresAt: null }] },
      after: {
        roles: [
          { name: 'basic', expiresAt: null },
          { name: 'premium', expiresAt: 5 },
        ],
      },
      endedSessions: 0,
    },
    'roles: basic → basic, premium',
  ],
  ['what was made', { before: null, after: { disabled: false, parent: null } }, 'disabled: no'],
  [
    'what is gone',
    { before: { disabled: true, parent: 'basic' }, after: null, revokedKeys: 2 },
    'was disabled: yes; was parent: basic; revokedKeys: 2',
  ],
  [
    'the other things that were noted',
    { role: 'team', before: null, after: { expiresAt: 5 } },
    'expiresAt: 5; role: team',
  ],
  ['rules', { rules: [{ unit: 'tokens', amount: 5 }] }, 'rules: unit: tokens amount: 5'],
  ['nothing', {}, ''],
])('an entry says in short %s', (_, detail, text) => {
  expect(inShort(detail)).toBe(text)
})
