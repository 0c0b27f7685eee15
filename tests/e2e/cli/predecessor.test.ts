import { expect, test } from 'bun:test'
import { runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Command lines from the predecessor's README in its order, then those of its usage guide. */
const LINES = [
  'user create myuser',
  'user create adminuser --admin --role premium',
  'user list',
  'user list --role premium',
  'user info myuser',
  'user update myuser --role premium --admin',
  'key generate myuser --description "Development key"',
  'key list --username myuser',
  'ratelimit set myuser ollama --token-hourly 1000 --token-daily 10000',
  'ratelimit get myuser',
  'ratelimit get myuser ollama',
  'usage list myuser',
  'usage list myuser --gateway ollama --days 7 --model llama2',
  'user create limited --role basic --gateway ollama --token-limit-daily 10000 --token-limit-hourly 1000 --request-limit-daily 100 --request-limit-hourly 10',
  'limits set limited ollama --token-hourly 500',
  'limits show limited',
  'gateway list',
  'gateway status',
  'gateway toggle openai --enabled true',
  'gateway config openai --model-mapping gpt-4=llama2:70b',
  'gateway metrics',
  'gateway metrics --gateway ollama',
]

const env = {
  PARALLAMA_DATA_DIR: temporaryFolder(),
  PARALLAMA_OLLAMA_URLS: 'http://127.0.0.1:1',
}

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
  expect(await said('ratelimit get myuser ollama')).toMatch(/^ollama +\* +1000 tokens\/hour /m)
  expect(await said('ratelimit reset myuser ollama')).toContain('Removed 2 limit(s)')
  expect(await said('limits show limited')).toMatch(/ 500 tokens\/hour .* 10000 tokens\/day /s)
  expect(await said('limits reset limited ollama')).toContain('Removed 4 limit(s)')
  expect(await said('gateway config openai')).toMatch(/^gpt-4 +llama2:70b +administrator$/m)
  expect(await runProgram(words('user delete myuser --yes'), { env })).toMatchObject({ code: 0 })
})
