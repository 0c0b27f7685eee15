import { describe, expect, test } from 'bun:test'
import { openDatabase } from '../../../db/client.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { cliLines } from '../../support/cli-lines.ts'
import { twoModels } from '../../support/cli-models.ts'
import { runProgram } from '../../support/cli-program.ts'

const CLOSED = 'http://127.0.0.1:1'

const { dataDir, ollama, env } = await twoModels()
const host = new URL(ollama.url).host
const { run, says, json } = cliLines(env)

describe('gateway', () => {
  test('list, toggle and config tell and change what is decided', async () => {
    expect(await says('gateway list')).toMatch(
      /^GATEWAY +PATH +STATE +DEFAULT MODEL +ALIASES\nollama +\/ollama +active +- +1\n/,
    )
    expect(await says('gateway toggle ollama --enabled false')).toBe(
      'The gateway ollama is disabled.\n',
    )
    expect(await says('gateway list')).toMatch(/^ollama +\/ollama +disabled +- +1$/m)
    expect(await says('gateway status ollama')).toMatch(/^ollama +disabled +0 /m)
    expect(await json('gateway toggle ollama --enabled true')).toEqual({
      name: 'ollama',
      enabled: true,
    })
    const changed = await json(
      'gateway config ollama --model-mapping Big=qwen3:8b --model-mapping gpt-*=llama3.2:3b --default-model QWEN3:8b',
    )
    expect(changed).toEqual({
      name: 'ollama',
      path: '/ollama',
      enabled: true,
      defaultModel: 'qwen3:8b',
      aliases: [
        { alias: 'big', model: 'qwen3:8b', origin: 'administrator' },
        { alias: 'gpt-*', model: 'llama3.2:3b', origin: 'administrator' },
        { alias: 'tiny', model: 'llama3.2:3b', origin: 'configuration' },
      ],
    })
    expect(await json('gateway config ollama')).toEqual(changed)
    const cleared = await runProgram(
      ['gateway', 'config', 'ollama', '--remove-mapping', 'gpt-*', '--default-model', ''],
      { env },
    )
    expect(cleared.stdout).toBe(
      [
        'Gateway        ollama',
        'Path           /ollama',
        'State          active',
        'Default model  -',
        'Aliases        2',
        '',
        'ALIAS  MODEL        GIVEN BY',
        'big    qwen3:8b     administrator',
        'tiny   llama3.2:3b  configuration',
        '',
      ].join('\n'),
    )
    const [first] = await json('gateway list')
    expect(first).toEqual({
      name: 'ollama',
      path: '/ollama',
      enabled: true,
      defaultModel: null,
      aliases: 2,
    })
  })

  test('status and metrics tell what went through, and whether hosts answer', async () => {
    const store = openDatabase(`sqlite:${dataDir}/parallama.db`)
    const rowAgo = (minutes: number) => {
      const ended_at = Date.now() - minutes * 60_000
      return requestRow({ ended_at, total_ms: 300, first_token_ms: 50 })
    }
    await insertRequests(store, [rowAgo(1), rowAgo(30), rowAgo(90)])
    await store.close()
    const shown = await says('gateway status ollama', {
      PARALLAMA_OLLAMA_URLS: `${ollama.url},${CLOSED}`,
    })
    expect(shown).toMatch(/^GATEWAY +STATE +REQUESTS +PER SECOND +FAILED +FIRST MS +TOTAL MS\n/)
    expect(shown).toMatch(/^ollama +active +2 +0\.001 +0 +50 +300$/m)
    expect(shown).toMatch(/^HOST +STATUS +VERSION +MODELS +MS$/m)
    expect(shown).toMatch(new RegExp(`^${host} +up +0\\.14\\.2 +2 +\\d+$`, 'm'))
    expect(shown).toMatch(/^127\.0\.0\.1:1 +down +- +- +-$/m)
    const away = await says('gateway status ollama', { PARALLAMA_OLLAMA_URLS: CLOSED })
    expect(away).toMatch(/^ollama +unavailable +2 +/m)
    const told = await json('gateway status')
    expect(told.gateways.length).toBeGreaterThan(1)
    expect(told.gateways[0]).toMatchObject({ name: 'ollama', enabled: true, requests: 2 })
    expect(told.hosts).toMatchObject([{ name: host, status: 'up', models: 2 }])
    expect(await json('gateway metrics --gateway ollama --minutes 10')).toMatchObject([
      { gateway: 'ollama', minutes: 10, requests: 1, promptTokens: 12, completionTokens: 34 },
    ])
    expect(await says('gateway metrics')).toMatch(/^ollama +2 +0\.001 +0 +50 +300 +24 +68$/m)
  })

  test.each([
    ['gateway toggle ollama', 2, 'missing --enabled'],
    ['gateway toggle ollama --enabled maybe', 2, 'must be one of true, false'],
    ['gateway toggle olama --enabled true', 1, 'did you mean ollama?'],
    ['gateway status olama', 1, 'did you mean ollama?'],
    ['gateway metrics --gateway olama', 2, 'did you mean ollama?'],
    ['gateway metrics --minutes 0', 2, 'a whole number from 1 to 10080'],
    ['gateway config ollama --model-mapping gpt-4', 2, 'such as gpt-4=llama3.3:70b'],
    ['gateway config ollama --model-mapping =qwen3:8b', 2, 'such as gpt-4=llama3.3:70b'],
    ['gateway config ollama --model-mapping x=qwen', 1, 'no host has the model "qwen:latest"'],
    ['gateway config ollama --default-model gwen3:8b', 1, 'did you mean qwen3:8b?'],
    ['gateway config ollama --remove-mapping tiny', 1, 'stands in the configuration'],
    ['gateway config ollama --remove-mapping none', 1, 'has no alias "none"'],
  ])('%s is refused with what is wrong', async (line, code, message) => {
    expect(await run(line)).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringContaining(message),
    })
  })

  test('in the configuration that does not exist stops every command that would use it', async () => {
    const PARALLAMA_GATEWAYS = '{olama: {enabled: false}}'
    for (const line of ['gateway list', 'user list', 'serve --port 0']) {
      const { code, stdout, stderr } = await run(line, { PARALLAMA_GATEWAYS })
      expect([line, code, stdout]).toEqual([line, 1, ''])
      expect(stderr).toStartWith(
        'parallama: configuration: gateways.olama: there is no gateway "olama", did you mean ollama? ',
      )
      expect(stderr.trim().split('\n')).toHaveLength(1)
    }
  })
})
