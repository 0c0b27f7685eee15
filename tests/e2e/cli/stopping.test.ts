import { describe, expect, test } from 'bun:test'
import { serveProgram } from '../../support/cli-program.ts'
import { ownPostgres, postgresForTests } from '../../support/servers.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const KILLED = 137

const dataDir = temporaryFolder()

describe('serve told to stop', () => {
  test('ends with 0 and says so, also when it has just begun', async () => {
    await using serving = await serveProgram([], { env: { PARALLAMA_DATA_DIR: dataDir } })
    const { code, stdout, stderr } = await serving.stop()
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/"msg":"stopping".*"msg":"stopped"/s)
  })
})

describe.skipIf('skip' in (await postgresForTests()))('serve whose PostgreSQL has gone', () => {
  test('goes on, and ends when it is told to', async () => {
    const server = await ownPostgres()
    if ('skip' in server) throw new Error(server.skip)
    const env = { PARALLAMA_DATA_DIR: dataDir, PARALLAMA_DATABASE_URL: server.url }
    try {
      await using serving = await serveProgram([], { env })
      await server.stop('crash')
      expect((await fetch(`${serving.url}/livez`)).status).toBe(200)
      const isReady = async () => (await fetch(`${serving.url}/readyz`)).ok
      const startedAt = performance.now()
      while (await isReady()) expect(performance.now() - startedAt).toBeLessThan(3000)
      const { code, stderr } = await serving.stop()
      expect(code).not.toBe(KILLED)
      expect(stderr).toContain('"msg":"stopping"')
    } finally {
      await server.dispose()
    }
  })
})
