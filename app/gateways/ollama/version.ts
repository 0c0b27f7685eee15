import { operation } from '../gateway.ts'

const TIMEOUT_MS = 2000

/** The oldest version among the hosts: a client must be able to rely on it whichever answers. */
export const version = operation({
  name: 'version',
  method: 'GET',
  paths: ['/api/version', '/v1/version'],
  permissions: [],
  body: null,
  model: null,
  work: null,
  handle: async (_call, { pool }) => {
    const request = { method: 'GET', endpoint: '/api/version' } as const
    const answers = await pool.ask<{ version: string }>(request, AbortSignal.timeout(TIMEOUT_MS))
    const [oldest] = answers.map((answer) => answer.version).sort(byNumber)
    return Response.json({ version: oldest })
  },
})

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })
