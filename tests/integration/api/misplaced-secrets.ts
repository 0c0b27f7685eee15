import { expect } from 'bun:test'
import type { Stage } from '../../support/gateway/stage.ts'
import type { Secrets } from './secret-keeping.ts'

const STRANGER = { 'x-forwarded-for': '203.0.113.5' }

/** Puts secrets where none belongs, as people do; resolves with the refusals, headers and all. */
export async function misplaceSecrets({
  stage,
  secrets,
}: {
  readonly stage: Stage
  readonly secrets: Secrets
}): Promise<string[]> {
  const typed = secrets.add('a password typed for a name', 'typed-by-mistake-9-teapots')
  const { key, username } = stage.user
  const root = await stage.gateway.administrator()
  const bodies = [
    { username: typed, password: typed },
    { username: key, password: typed },
    { username, password: typed, role: typed },
    { username: { name: typed }, password: [typed] },
    { refresh_token: key },
    { refresh_token: [key] },
    { username, password: typed, invitation: key },
  ]
  const post = (path: string, body: object | string) =>
    stage.post(path, body, {
      as: null,
      headers: { ...STRANGER, 'content-type': 'application/json' },
    })
  const answers = ['/auth/login', '/auth/token', '/auth/logout', '/auth/register'].flatMap((path) =>
    [...bodies, `{"password": "${typed}`, `${key}`, `{"a": "${typed}", "a": 1}`].map((body) =>
      post(path, body),
    ),
  )
  const paths = [
    `/admin/users/${key}`,
    `/admin/users/${key}/sessions`,
    `/admin/keys?username=${key}`,
    `/admin/audit?actor=${key}&cursor=${key}`,
    `/me/keys/${key}x`,
    `/ollama/k/${key}/api/tags`,
    `/nothing/${key}?token=${key}`,
  ]
  for (const path of paths) {
    answers.push(stage.get(path, { as: root }), stage.get(path, { as: null }))
    answers.push(stage.get(path, { as: root, method: 'DELETE' }))
    answers.push(stage.post(path, { password: typed }, { as: root }))
  }
  for (const authorization of [`Bearer ${key}x`, `Basic ${key}`, `Bearer ${key}, ${typed}`]) {
    answers.push(stage.get('/me', { as: null, headers: { authorization } }))
  }
  const path = `/admin/users/${key}/keys`
  answers.push(stage.post('/admin/users', { username: key, password: typed }, { as: root }))
  answers.push(stage.post(path, { description: typed, scopes: { x: key } }, { as: root }))
  const read = async (answer: Promise<Response>): Promise<string> => {
    const { status, headers } = await answer
    const text = await (await answer).text()
    return status < 400 ? '' : `${JSON.stringify(Object.fromEntries(headers))} ${text}`
  }
  const refusals = (await Promise.all(answers.map(read))).filter((text) => text !== '')
  expect(refusals.length).toBeGreaterThan(50)
  return refusals
}
