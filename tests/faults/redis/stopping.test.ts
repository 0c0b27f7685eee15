import { describe, expect, test } from 'bun:test'
import { serveProgram } from '../../support/cli-program.ts'
import { ownRedis, redisForTests } from '../../support/servers.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { until } from './replicas.ts'

const available = await redisForTests()
/** Well before the test's own patience ends with SIGKILL, in ms. */
const IN_TIME_MS = 5000

const dataDir = temporaryFolder()

describe.skipIf('skip' in available)('serve, told to stop while its Redis', () => {
  test.each(['is dead', 'stands still'])('%s, ends in time and in good order', async (how) => {
    const redis = await ownRedis()
    if ('skip' in redis) throw new Error(redis.skip)
    try {
      const env = { PARALLAMA_DATA_DIR: dataDir, PARALLAMA_REDIS_URL: redis.url }
      await using serving = await serveProgram(['--log-level', 'debug'], { env })
      const isLocal = async (): Promise<boolean> => {
        const { checks } = (await (await fetch(`${serving.url}/readyz`)).json()) as {
          checks: { limits: string }
        }
        return checks.limits === 'local'
      }
      await (how === 'is dead' ? redis.stop('crash') : redis.pause())
      // Nobody asks for anything: it notices by itself.
      await until(isLocal)
      const startedAt = performance.now()
      const { code, stderr } = await serving.stop()
      expect(code).toBe(0)
      expect(performance.now() - startedAt).toBeLessThan(IN_TIME_MS)
      expect(stderr).toContain('"msg":"stopped"')
      expect(stderr).not.toContain('a failure that nobody handled')
    } finally {
      await redis.dispose()
    }
  })
})
