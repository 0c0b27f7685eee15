import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { freePort } from '../../support/servers/free-port.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MAIN = join(import.meta.dir, '../../../cli/main.ts')
const folder = temporaryFolder()

test.each([
  ['is on a full disk', '2>/dev/full'],
  ['is read by nobody any more', '2> >(sleep 0.2)'],
])('a server whose log %s goes on serving, and ends when it is told to', async (name, redirect) => {
  const port = freePort()
  const data = join(folder, name.replaceAll(' ', '-'))
  const line = `exec bun ${MAIN} serve --port ${port} --data-dir ${data} ${redirect}`
  const child = Bun.spawn(['bash', '-c', line], { stdin: 'ignore' })
  const isAlive = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/livez`).then(
      (response) => response.ok,
      () => false,
    )
  while (!(await isAlive())) await Bun.sleep(50)
  for (let i = 0; i < 50; i++) await fetch(`http://127.0.0.1:${port}/ollama/api/tags`)
  expect(await isAlive()).toBeTrue()
  child.kill('SIGTERM')
  expect(await child.exited).toBe(0)
})
