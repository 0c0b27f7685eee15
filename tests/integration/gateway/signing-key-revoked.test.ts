import { expect, test } from 'bun:test'
import { callApi } from '../../support/api.ts'
import { chatChunk } from '../../support/fake-ollama/records.ts'
import { hang, stream } from '../../support/fake-ollama/script.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL } from '../../support/gateway/stage.ts'
import { logIn, meStatus, setLoginStage } from '../../support/logins.ts'

test('a signing key that is taken away takes its tokens along, also one with an open stream', async () => {
  await using stage = await setLoginStage()
  const login = await logIn(stage)
  const admin = await stage.gateway.administrator()
  stage.ollama.once('/api/chat', [stream([chatChunk(MODEL, 'Hello')]), hang()])
  const response = await stage.post('/ollama/api/chat', CHAT, { as: { ...stage.user, ...login } })
  const records = readRecords(response)
  expect(await records.next()).toMatchObject({ message: { content: 'Hello' } })
  expect(await meStatus(stage, login)).toBe(200)

  const body = { revoke_old: true }
  const rotated = await callApi(stage, 'POST', '/admin/signing-keys/rotate', { as: admin, body })
  expect(rotated.status).toBe(201)
  expect(await meStatus(stage, login)).toBe(401)
  expect((await records.rest()).at(-1)).toMatchObject({ code: 'revoked' })
  expect(await meStatus(stage, login)).toBe(401)
})
