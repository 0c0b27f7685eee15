import { expect, test } from 'bun:test'
import { ENDPOINTS } from '../../../app/api/endpoints.ts'
import { openApiDocument } from '../../../app/api/openapi.ts'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: Readonly<Record<string, unknown>>
}

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly Parameter[]
}

const { paths, components } = openApiDocument('1.2.3') as {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, { properties?: object }> }
}

const ADMIN = ENDPOINTS.filter(({ path }) => path.startsWith('/admin/'))

const parameterOf = (path: string, method: string, name: string): Parameter | undefined =>
  paths[path]?.[method]?.parameters?.find((parameter) => parameter.name === name)

test('every endpoint of administration names the permissions that it takes', () => {
  expect(ADMIN.length).toBeGreaterThan(30)
  for (const { access, name } of ADMIN) {
    expect([name, typeof access === 'string' || access.length === 0]).toEqual([name, false])
  }
})

test('no two endpoints have a name or a method and path in common', () => {
  expect(new Set(ENDPOINTS.map(({ name }) => name)).size).toBe(ENDPOINTS.length)
  const places = ENDPOINTS.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ':')}`)
  expect(new Set(places).size).toBe(ENDPOINTS.length)
})

test('whatever makes something says so, and everything that takes POST and answers 201 does', () => {
  for (const { method, path, answer, creates } of ADMIN) {
    expect([path, creates]).toEqual([path, method === 'POST' && answer.status === 201])
  }
})

test('the document tells a query as it is meant: numbers as integers, flags as booleans', () => {
  const limit = { type: 'integer', minimum: 1, maximum: 200 }
  for (const path of ['/admin/users', '/admin/keys', '/admin/usage', '/admin/audit']) {
    expect(parameterOf(path, 'get', 'limit')).toMatchObject({ in: 'query', schema: limit })
    expect(parameterOf(path, 'get', 'limit')?.schema).not.toHaveProperty('pattern')
    expect(parameterOf(path, 'get', 'cursor')?.required).not.toBe(true)
  }
  const days = parameterOf('/admin/usage', 'get', 'days')
  expect(days?.required).not.toBe(true)
  expect(days?.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 3650 })
  const force = parameterOf('/admin/roles/{role}', 'delete', 'force')
  expect(force?.schema).toMatchObject({ type: 'boolean' })
  expect(force?.schema).not.toHaveProperty('enum')
  expect(parameterOf('/admin/limits', 'delete', 'shadow')?.schema.type).toBe('boolean')
})

test('only what makes a key or an invitation has its secret in the answer', () => {
  const withSecret = Object.entries(components.schemas)
    .filter(([, { properties = {} }]) => 'code' in properties || 'last_four' in properties)
    .filter(([, { properties = {} }]) => 'key' in properties || 'code' in properties)
    .map(([name]) => name)
  expect(withSecret.filter((name) => name !== 'Problem').sort()).toEqual([
    'NewInvitation',
    'NewKey',
  ])
})
