import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrationStatus } from '../../../db/migrate.ts'
import { MIGRATIONS } from '../../../db/migrations/index.ts'
import { runProgram, serveProgram } from '../../support/cli-program.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

const ROUNDS = 3
const APPLIED = `Applied ${Object.keys(MIGRATIONS).join(', ')}.`

/** Environment of processes that share the database and a data directory of their own. */
async function sharing<T>(
  url: string,
  act: (env: Record<string, string>) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parallama-data-'))
  try {
    return await act({ PARALLAMA_DATA_DIR: dataDir, PARALLAMA_DATABASE_URL: url })
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

await describeEachDatabase('processes that start together on an empty database', (openFresh) => {
  test('migrate it once: one of three says so, and all succeed', async () => {
    const { url } = await openFresh({ migrated: false })
    const runs = await sharing(url, (env) =>
      Promise.all([1, 2, 3].map(() => runProgram(['migrate', 'up', '--json'], { env }))),
    )
    expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      runs.map(() => ({ code: 0, stderr: '' })),
    )
    const said = runs.map(({ stdout }) => JSON.parse(stdout).message).sort()
    expect(said).toEqual([APPLIED, 'The schema is up to date.', 'The schema is up to date.'])
  })

  test('serve both, with one master secret between them', async () => {
    const { db, url } = await openFresh({ migrated: false })
    await sharing(url, async (env) => {
      const servers = await Promise.all([serveProgram([], { env }), serveProgram([], { env })])
      await using stack = new AsyncDisposableStack()
      for (const server of servers) stack.use(server)
      const made = await runProgram(['user', 'create', 'anna'], { env })
      const generated = await runProgram(['key', 'generate', 'anna', '--json'], { env })
      expect([made.code, generated.code]).toEqual([0, 0])
      const headers = { authorization: `Bearer ${JSON.parse(generated.stdout).key}` }
      const answers = await Promise.all(
        servers.map((server) => fetch(`${server.url}/ollama/api/version`, { headers })),
      )
      expect(answers.map(({ status }) => status)).not.toContain(401)
      const ended = await Promise.all(servers.map((server) => server.stop()))
      expect(ended.map(({ code }) => code)).toEqual([0, 0])
    })
    expect((await migrationStatus(db)).every(({ executedAt }) => executedAt)).toBe(true)
  })

  test('end with 0 when they are told to stop the moment they serve', async () => {
    const { url } = await openFresh({ migrated: false })
    await sharing(url, async (env) => {
      for (let round = 0; round < ROUNDS; round++) {
        const servers = await Promise.all([serveProgram([], { env }), serveProgram([], { env })])
        const ended = await Promise.all(servers.map((server) => server.stop()))
        expect(ended.map(({ code }) => code)).toEqual([0, 0])
      }
    })
  })
})
