import { expect, test } from 'bun:test'
import { loginOf, setLoginStage, type Trying, tryLogin, tryRefresh } from '../../support/logins.ts'

const FAILURES = 8
const settings = { trustedProxies: ['127.0.0.1'], failedAuthPerMinute: FAILURES }
/** The one address that everybody of an office has. */
const office = { headers: { 'x-forwarded-for': '198.51.100.7' } }

const setOffice = () => setLoginStage({ settings })
type Office = Awaited<ReturnType<typeof setOffice>>

const status = async (stage: Office, trying: Trying = {}): Promise<number> =>
  (await tryLogin(stage, { ...office, ...trying })).status

const tryNames = (stage: Office, count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => status(stage, { username: `nobody-${i}` })))

test('keys that are no good keep nobody at their address from logging in and staying in', async () => {
  await using stage = await setOffice()
  const login = loginOf(await tryLogin(stage, office))
  const headers = { ...office.headers, authorization: 'Bearer junk' }
  const junk = async () => (await stage.get('/ollama/api/version', { as: null, headers })).status
  for (let i = 0; i < FAILURES; i++) expect(await junk()).toBe(401)
  expect(await junk()).toBe(429)
  expect(await status(stage)).toBe(200)
  expect((await tryRefresh(stage, login.refreshToken, office.headers)).status).toBe(200)
})

test('a login that was used there goes on, whatever its neighbours try', async () => {
  await using stage = await setOffice()
  const login = loginOf(await tryLogin(stage, office))
  const first = loginOf(await tryRefresh(stage, login.refreshToken, office.headers))
  await tryNames(stage, FAILURES)
  expect(await status(stage, { username: 'nobody' })).toBe(429)
  expect((await tryRefresh(stage, first.refreshToken, office.headers)).status).toBe(200)
  expect(await status(stage)).toBe(200)
})

test('where addresses can’t be told apart, unknown names are not tried without end either', async () => {
  await using stage = await setLoginStage({ settings: { failedAuthPerMinute: FAILURES } })
  const tries = Array.from({ length: 3 * FAILURES }, (_, i) =>
    tryLogin(stage, { username: `nobody-${i}` }),
  )
  const statuses = (await Promise.all(tries)).map((answer) => answer.status).sort()
  expect(statuses).toEqual([...Array(FAILURES).fill(401), ...Array(2 * FAILURES).fill(429)])
})

test('made-up tokens that are to be ended are counted, and said to be ended', async () => {
  await using stage = await setOffice()
  const logOut = (refresh_token: string) =>
    stage.post('/auth/logout', { refresh_token }, { as: null, headers: office.headers })
  const statuses: number[] = []
  for (let i = 0; i <= FAILURES; i++) statuses.push((await logOut(`plr_${i}`)).status)
  expect(statuses).toEqual([...Array(FAILURES).fill(204), 429])
})
