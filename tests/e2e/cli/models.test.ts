import { describe, expect, test } from 'bun:test'
import { cliLines } from '../../support/cli-lines.ts'
import { twoModels } from '../../support/cli-models.ts'

const CLOSED = 'http://127.0.0.1:1'

const { ollama, env } = await twoModels()
const host = new URL(ollama.url).host
const { run, says, json } = cliLines(env)

describe('model', () => {
  test('alias set, list and remove work on one name', async () => {
    expect(await says('model alias set ollama FAST llama3.2:3b')).toBe(
      'Through ollama, fast stands for llama3.2:3b.\n',
    )
    expect(await json('model alias set ollama tiny qwen3:8b')).toEqual({
      gateway: 'ollama',
      alias: 'tiny',
      model: 'qwen3:8b',
      origin: 'administrator',
    })
    expect(await says('model alias list ollama')).toMatch(
      /^GATEWAY +ALIAS +MODEL +GIVEN BY\n(.*\n)*ollama +fast +llama3\.2:3b +administrator\n/,
    )
    expect(await json('model alias list')).toContainEqual({
      gateway: 'ollama',
      alias: 'tiny',
      model: 'qwen3:8b',
      origin: 'administrator',
    })
    expect(await says('model alias remove ollama tiny')).toBe(
      'Removed the alias tiny of ollama; the configuration makes it stand for llama3.2:3b.\n',
    )
    expect(await says('model alias remove ollama fast')).toBe('Removed the alias fast of ollama.\n')
    expect(await run('model alias remove ollama fast')).toMatchObject({ code: 1, stdout: '' })
    expect(await says('model alias list openai')).toBe(
      'There are none. Set one with: parallama model alias set openai gpt-4 llama3.2:3b\n',
    )
  })

  test('list tells where models are, what leads to them, and which host does not answer', async () => {
    await says('model alias set ollama big qwen3:8b')
    expect(await json('model list')).toEqual({
      models: [
        {
          model: 'llama3.2:3b',
          hosts: [host],
          aliases: [{ gateway: 'ollama', alias: 'tiny' }],
        },
        { model: 'qwen3:8b', hosts: [host], aliases: [{ gateway: 'ollama', alias: 'big' }] },
      ],
      silentHosts: [],
    })
    const shown = await says('model list', { PARALLAMA_OLLAMA_URLS: `${ollama.url},${CLOSED}` })
    expect(shown).toMatch(/^MODEL +HOSTS +ALIASES\nllama3\.2:3b +\S+ +tiny \(ollama\)\n/)
    expect(shown).toEndWith(
      '\nNo answer from 127.0.0.1:1: models that are there alone are missing.\n',
    )
    expect(await run('model list', { PARALLAMA_OLLAMA_URLS: CLOSED })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('no Ollama host answers: 127.0.0.1:1'),
    })
  })
})
