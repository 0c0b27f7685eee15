import { describe, expect, test } from 'bun:test'
import { ENDPOINTS } from '../../../app/api/endpoints.ts'
import { openApiDocument } from '../../../app/api/openapi.ts'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly security: readonly object[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: object }
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}

interface Document {
  readonly openapi: string
  readonly info: object
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly securitySchemes: object; readonly schemas: object }
}

const text = JSON.stringify(openApiDocument('1.2.3'))
const document = JSON.parse(text) as Document
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
)

/** Every value in the document, however deep. */
function* valuesIn(value: unknown): Generator<object> {
  if (typeof value !== 'object' || value === null) return
  yield value
  for (const inner of Object.values(value)) yield* valuesIn(inner)
}

/** What a local reference means (RFC 6901). */
const resolve = (reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document)

describe('the OpenAPI document', () => {
  test('is of version 3.1 and says what it describes', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/)
    expect(document.info).toMatchObject({ title: 'Parallama', version: '1.2.3' })
  })

  test('has every endpoint, and nothing that is none', () => {
    const described = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`)
    const served = ENDPOINTS.map(
      ({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
    )
    expect(described.sort()).toEqual(served.sort())
    expect(new Set(described).size).toBe(ENDPOINTS.length)
  })

  test('gives every operation a name of its own, a summary and a known tag', () => {
    const tags = document.tags.map(({ name }) => name)
    for (const { operation } of operations) {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/)
      expect(operation.summary).not.toBe('')
      expect(operation.tags).toHaveLength(1)
      expect(tags).toContain(String(operation.tags[0]))
    }
    const names = operations.map(({ operation }) => operation.operationId)
    expect(new Set(names).size).toBe(names.length)
  })

  test('refers to nothing that it does not have', () => {
    const references = [...valuesIn(document)].flatMap((value) =>
      '$ref' in value ? [String(value.$ref)] : [],
    )
    expect(references.length).toBeGreaterThan(0)
    for (const reference of references) {
      expect(reference).toStartWith('#/')
      expect([reference, resolve(reference)]).toEqual([reference, expect.any(Object)])
    }
  })

  test('declares every parameter of a path, as required, and none that it does not have', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
      const { parameters = [] } = operation
      const declared = parameters.filter((parameter) => parameter.in === 'path')
      expect([path, declared.map(({ name }) => name).sort()]).toEqual([path, inPath.sort()])
      for (const { required } of declared) expect(required).toBe(true)
      const all = parameters.map(({ name, in: place }) => `${place} ${name}`)
      expect(new Set(all).size).toBe(all.length)
    }
  })

  test('says who may call: with a login or a key, but for what makes a login', () => {
    expect(document.components.securitySchemes).toMatchObject({ bearer: { type: 'http' } })
    const open = operations.filter(({ operation }) => operation.security.length === 0)
    expect(open.map(({ path }) => path).sort()).toEqual([
      '/auth/login',
      '/auth/logout',
      '/auth/register',
      '/auth/token',
    ])
    for (const { path, operation } of operations) {
      if (path.startsWith('/admin/')) expect(operation.description).toMatch(/^Takes \w+:/)
    }
  })

  test('describes one success and the refusals of every operation, with a body where there is one', () => {
    for (const { path, operation } of operations) {
      const { default: refusal, ...successes } = operation.responses
      expect([path, Object.keys(successes)]).toEqual([path, [expect.stringMatching(/^20[014]$/)]])
      expect(refusal).toHaveProperty(['content', 'application/problem+json', 'schema'])
      for (const [status, success] of Object.entries(successes)) {
        const schema = ['content', 'application/json', 'schema']
        if (status === '204') expect(success).not.toHaveProperty('content')
        else expect(success).toHaveProperty(schema)
      }
    }
  })

  test('has only schemas that JSON Schema 2020-12 knows: no nullable, no undefined', () => {
    for (const value of valuesIn(document)) {
      expect(value).not.toHaveProperty('nullable')
      if ('type' in value && 'properties' in value) expect(value.type).toBe('object')
    }
    expect(text).not.toContain('undefined')
  })
})
