import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { runProgram, serveProgram } from '../../support/cli-program.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MOST_MS = 1000
/** A machine that is busy with other things may need another try. */
const TRIES = { retry: 2 }

const folder = temporaryFolder()

await describeEachDatabase('a change made on the command line', (openFresh) => {
  test('holds for a running server within a second', TRIES, async () => {
    const { url } = await openFresh()
    const env = { PARALLAMA_DATA_DIR: join(folder, 'data'), PARALLAMA_DATABASE_URL: url }
    await using serving = await serveProgram([], { env })
    const cli = async (line: string): Promise<string> => {
      const { code, stdout, stderr } = await runProgram(line.split(' '), { env })
      expect([line, code, stderr]).toEqual([line, 0, ''])
      return stdout
    }
    await cli('user create anna')
    const { id, key } = JSON.parse(await cli('key generate anna --json'))
    const status = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${key}` }
      return (await fetch(`${serving.url}/ollama/api/version`, { headers })).status
    }
    /** Makes the change, and asks until the server answers with `wanted`. */
    const holdsAfter = async (line: string, wanted: (status: number) => boolean) => {
      await cli(line)
      const startedAt = performance.now()
      while (!wanted(await status())) expect(performance.now() - startedAt).toBeLessThan(MOST_MS)
      expect(wanted(await status())).toBe(true)
    }
    const isRefused = (code: number) => code === 401
    const isForbidden = (code: number) => code === 403
    const isServed = (code: number) => !isRefused(code) && !isForbidden(code)
    expect(await status()).toSatisfy(isServed)
    await holdsAfter('user update anna --disable', isRefused)
    await holdsAfter('user update anna --enable', isServed)
    await holdsAfter('role revoke anna basic', isForbidden)
    await holdsAfter('role grant anna basic', isServed)
    await holdsAfter(`key revoke ${id}`, isRefused)
  })
})
