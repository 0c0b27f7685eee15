import { expect, test } from 'bun:test'
import { runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const env = { PARALLAMA_DATA_DIR: temporaryFolder() }
const run = (line: string) => runProgram(line.split(' '), { env })

/** What is wrong with a line, and how it ends. */
const WRONG: Record<string, [code: number, complaint: RegExp]> = {
  'set anna ollama --token-daily -5': [
    2,
    /--token-daily must be .* from 1 to 10000000000, not "-5"/,
  ],
  'set anna ollama --token-daily=-5': [2, /not "-5"/],
  'set anna ollama --token-daily 0': [2, /not "0"/],
  'set anna ollama --token-daily 1.5': [2, /not "1.5"/],
  'set anna ollama --token-daily 1e3': [2, /not "1e3"/],
  'set anna ollama --token-daily many': [2, /not "many"/],
  'set anna ollama --token-daily 10000000001': [2, /not "10000000001"/],
  'set anna ollama --compute-daily 10000001': [2, /from 1 to 10000000, not/],
  'set anna ollama --concurrent 99999999999999999999': [2, /from 1 to 1000000, not/],
  'set anna ollama --token-hourly 5 --token-daily 0': [2, /--token-daily must be/],
  'set anna ollama --token-weekly 5': [2, /unknown flag --token-weekly/],
  'set anna ollama --token-dayly 5': [2, /did you mean --token-daily\?/],
  'set anna ollama': [2, /no amount; give at least one/],
  'set anna --token-daily 5': [2, /missing <gateway>/],
  'set --token-daily 5': [2, /missing <name>/],
  'set anna olama --token-daily 5': [
    2,
    /<gateway> must be one of .* \(did you mean ollama\?\), not "olama"/,
  ],
  'set anna ollama --token-daily 5 --shared': [2, /--shared goes with --role/],
  'set anna ollama --role basic --token-daily 5': [2, /with --role there is no user name/],
  'set ollama --role basic --key x --token-daily 5': [2, /exclude each other/],
  'set nobody ollama --token-daily 5': [1, /there is no user "nobody"/],
  'set ollama --role basc --token-daily 5': [1, /did you mean basic\?/],
  'set ollama --key nothing --token-daily 5': [1, /no key with the id "nothing"/],
  'set anna ollama --model llama* --token-daily 5': [1, /"llama\*" is no name of a model/],
  'get nobody': [1, /there is no user "nobody"/],
  'get anna none': [2, /<gateway> must be one of/],
  'reset anna openai': [1, /through openai; there are some through ollama/],
  'reset anna ollama --model qwen3': [1, /through ollama with qwen3:latest; there are some/],
  'reset anna ollama --shadow': [1, /through ollama \(shadow\); there are some/],
  'simulate anna ollama --token-daily 0': [2, /not "0"/],
  'simulate anna ollama --token-daily 5 --days 0': [2, /--days must be/],
  'simulate anna ollama': [2, /no amount/],
}

test('a wrong limit is refused with what is right, and changes nothing', async () => {
  expect((await run('user create anna')).code).toBe(0)
  expect((await run('ratelimit set anna ollama --token-daily 77')).code).toBe(0)
  const { stdout: before } = await run('ratelimit get anna --json')
  const lines = Object.entries(WRONG)
  const ended = await Promise.all(lines.map(([line]) => run(`ratelimit ${line}`)))
  for (const [i, [line, [code, complaint]]] of lines.entries()) {
    expect([line, ended[i]?.code, ended[i]?.stdout]).toEqual([line, code, ''])
    expect(ended[i]?.stderr).toMatch(complaint)
    expect(ended[i]?.stderr).toStartWith('parallama: ')
  }
  expect((await run('ratelimit get anna --json')).stdout).toBe(before)
  expect(JSON.parse(before)).toMatchObject([{ limit: 77 }])
})
