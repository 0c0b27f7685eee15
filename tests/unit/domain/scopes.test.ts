import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Grant, mayUseModel } from '../../../app/domain/grant.ts'
import { modelPattern, parseModelName } from '../../../app/domain/model-name.ts'
import { allPermissions } from '../../../app/domain/role.ts'
import { restricted, type Scopes } from '../../../app/domain/scopes.ts'

const GATEWAYS = ['ollama', 'openai', 'anthropic']
const PERMISSIONS = allPermissions(GATEWAYS)
const MODELS = ['llama3', 'llama3:8b', 'qwen3:8b', 'team/llama3', 'x:cloud']
const PATTERNS = ['*', 'llama3*', 'llama3', '*:8b', 'qwen3:8b', 'x:*', 'team/*']
const UNSCOPED: Scopes = { gateways: [], models: [], permissions: [], addresses: [] }

const grant = (permissions: readonly string[], patterns: readonly string[]): Grant => ({
  permissions: new Set(permissions),
  models: patterns.map(modelPattern),
})
const grants = fc
  .tuple(fc.subarray(PERMISSIONS), fc.subarray(PATTERNS))
  .map(([permissions, patterns]) => grant(permissions, patterns))
const scopes: fc.Arbitrary<Scopes> = fc.record({
  gateways: fc.subarray(GATEWAYS),
  models: fc.subarray(PATTERNS),
  permissions: fc.subarray(PERMISSIONS),
  addresses: fc.constantFrom<string[]>([], ['10.0.0.0/8']),
})

const usable = (of: Grant): string[] =>
  MODELS.filter((text) => {
    const name = parseModelName(text)
    return name !== null && mayUseModel(of, name)
  })
const rights = (of: Grant) => ({ permissions: [...of.permissions].sort(), models: usable(of) })

describe('a restricted grant', () => {
  test('never exceeds the owner’s, nor what the scopes name', () => {
    fc.assert(
      fc.property(grants, scopes, (owned, only) => {
        const left = restricted(owned, only)
        const named = grant(PERMISSIONS, only.models)
        for (const permission of left.permissions) {
          expect(owned.permissions.has(permission)).toBe(true)
          const [kind, gateway] = permission.split(':')
          if (kind === 'gateway' && only.gateways.length > 0) {
            expect(only.gateways).toContain(gateway ?? '')
          } else if (only.permissions.length > 0 && kind !== 'gateway') {
            expect(only.permissions).toContain(permission)
          }
        }
        for (const model of usable(left)) {
          expect(usable(owned)).toContain(model)
          if (only.models.length > 0) expect(usable(named)).toContain(model)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('never grows when the owner’s rights shrink', () => {
    fc.assert(
      fc.property(grants, scopes, (owned, only) => {
        const before = rights(restricted(owned, only))
        const smaller: Grant = {
          permissions: new Set([...owned.permissions].slice(1)),
          models: owned.models.slice(1),
        }
        const after = rights(restricted(smaller, only))
        expect(before.permissions).toEqual(expect.arrayContaining(after.permissions))
        expect(before.models).toEqual(expect.arrayContaining(after.models))
      }),
      { numRuns: 1000 },
    )
  })

  test('is the owner’s where nothing is restricted', () => {
    fc.assert(
      fc.property(grants, (owned) => {
        expect(rights(restricted(owned, UNSCOPED))).toEqual(rights(owned))
      }),
    )
  })

  const all = grant(PERMISSIONS, ['*'])
  test.each<[string, Partial<Scopes>, string[]]>([
    [
      'made for a gateway administers nothing',
      { gateways: ['ollama'] },
      ['cloud:use', 'gateway:ollama'],
    ],
    [
      'made for models goes through every gateway and administers nothing',
      { models: ['llama3'] },
      ['cloud:use', ...GATEWAYS.map((name) => `gateway:${name}`)],
    ],
    ['made for a permission has that alone', { permissions: ['usage:read'] }, ['usage:read']],
    [
      'made for a gateway and a permission has both',
      { gateways: ['ollama'], permissions: ['usage:read'] },
      ['gateway:ollama', 'usage:read'],
    ],
    ['made for addresses has all rights there', { addresses: ['10.0.0.0/8'] }, [...PERMISSIONS]],
  ])('%s', (_, only, expected) => {
    const left = restricted(all, { ...UNSCOPED, ...only })
    expect([...left.permissions].sort()).toEqual(expected.toSorted())
  })
})
