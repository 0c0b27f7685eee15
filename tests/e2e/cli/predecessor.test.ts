import { expect, test } from 'bun:test'
import { runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Command lines from the predecessor's README, in its order. */
const LINES = [
  'user create myuser',
  'user create adminuser --admin --role premium',
  'user list',
  'user list --role premium',
  'user info myuser',
  'user update myuser --role premium --admin',
  'key generate myuser --description "Development key"',
  'key list --username myuser',
  'usage list myuser',
  'usage list myuser --gateway ollama --days 7 --model llama2',
]

const env = { PARALLAMA_DATA_DIR: temporaryFolder() }

/** Takes a line apart as a shell does with words and double quotes. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word)

test('the predecessor’s lines work as written', async () => {
  for (const line of LINES) {
    const { code, stderr } = await runProgram(words(line), { env })
    expect([line, code, stderr]).toEqual([line, 0, ''])
  }
  const said = async (line: string) => (await runProgram(words(line), { env })).stdout
  expect(await said('user info adminuser')).toMatch(/^Roles +admin, premium$/m)
  expect(await said('key list --username myuser')).toMatch(/ Development key$/m)
  const [{ id }] = JSON.parse(await said('key list --json'))
  expect(await said(`key revoke ${id}`)).toMatch(/^Status +revoked$/m)
  expect(await runProgram(words('user delete myuser --yes'), { env })).toMatchObject({ code: 0 })
})
