import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startSimulatedOllama } from '../../cli/demo/simulated-ollama.ts'
import { createNewcomer } from '../support/readme/newcomer.ts'
import { PASSED, RULES, type Session, succeed } from '../support/readme/rules.ts'
import { codeSpansOf, snippetsOf } from '../support/readme.ts'
import { freePort } from '../support/servers/free-port.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const README = await Bun.file(join(import.meta.dir, '../../README.md')).text()
const GATEWAY = '127.0.0.1:8000'
/** The whole suite may run at once with other work on a small machine. */
const PATIENCE = { timeout: 120_000 }

/** What has a space in it and is nothing to be run as it stands. */
const NO_COMMANDS = [
  ...['bun run', 'npx -y bun@1.4.5 run', 'npx -y bun@1.4.5 run cli …', 'parallama …'],
  ...['GET /ollama', 'Ollama is running', 'Authorization: Bearer', '--config FILE'],
  ...['cli → app → db', 'ollama pull llama3.2:3b'],
  ...['POST /auth/login', 'POST /auth/token', '"cookie": true'],
  ...['GET /', 'GET /status', 'POST /anthropic/v1/messages', '"estimated": true', 'alias: model'],
  ...['truncation: "disabled"', 'parallel_tool_calls: false'],
]

const port = freePort()
const ollama = await startSimulatedOllama({ pace: async () => {} })
const env = { PARALLAMA_PORT: String(port), PARALLAMA_OLLAMA_URLS: ollama.url }
const folders = {
  newcomer: temporaryFolder(),
  npx: temporaryFolder(),
  builder: temporaryFolder(),
}
afterAll(() => ollama.stop())

const atOurPort = (text: string): string => text.replaceAll(GATEWAY, `127.0.0.1:${port}`)

describe.skipIf(Bun.which('npx') === null)('on a machine with Node and without Bun', () => {
  test('one command installs everything and shows it at work', PATIENCE, async () => {
    const newcomer = createNewcomer(folders.npx, { realNpx: true, env })
    expect((await newcomer.run('command -v bun || command -v bunx')).code).not.toBe(0)
    const command = snippetsOf(README).find(({ text }) => text.endsWith(' run demo'))?.text
    expect(command).toStartWith('npx ')
    const { code, stdout, stderr } = await newcomer.run(`${command} --once`)
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toContain('This is a simulated answer')
    expect(stdout).toContain('The usage it left behind:')
  })
})

test('a fresh checkout is built with one command', PATIENCE, async () => {
  const newcomer = createNewcomer(folders.builder, { realNpx: false, env })
  const command = snippetsOf(README).find(({ text }) => text.endsWith(' run build'))?.text
  const { code, stderr } = await newcomer.run(command ?? '')
  expect(code, stderr).toBe(0)
  expect(existsSync(join(newcomer.checkout, 'node_modules'))).toBe(true)
})

const session: Session = {
  newcomer: createNewcomer(folders.newcomer, { realNpx: false, env }),
  key: '',
  gateway: null,
}
afterAll(() => session.gateway?.[Symbol.asyncDispose]())

describe('every command of the README does what it says, in order', () => {
  for (const { language, text, line } of snippetsOf(README)) {
    const command = atOurPort(text)
    if (language === 'sh') {
      test(`line ${line}: ${text}`, PATIENCE, async () => {
        const rule = RULES.find(({ commands }) => commands.test(command))
        if (!rule) throw new Error('nobody has said yet how this command is tested')
        await rule.run(session, command)
      })
    } else if (language === 'js') {
      test(`line ${line}: the ${language} program`, PATIENCE, () => runProgram(command))
    }
  }

  test('and Ctrl-C ends what serves, with 0', async () => {
    session.gateway?.pressCtrlC()
    expect(await session.gateway?.exited).toBe(0)
  })
})

describe('so does every command in its text', () => {
  const spans = codeSpansOf(README).filter((span) => span.includes(' '))
  const ofOllama = spans.filter((span) => span.startsWith('OLLAMA_HOST='))
  const ofBun = spans.filter((span) => span.startsWith('bun test '))
  const ofOurs = spans.filter((span) => /^(user|key|role|usage|auth|audit|migrate) /.test(span))

  test('of which none is left out', () => {
    const known = [...ofOllama, ...ofBun, ...ofOurs, ...NO_COMMANDS]
    expect(spans.filter((span) => !known.includes(span))).toEqual([])
    expect([ofOllama.length, ofOurs.length > 2]).toEqual([1, true])
  })

  test('a key in the address, once PARALLAMA_KEY_IN_PATH=true allows it', PATIENCE, async () => {
    const { newcomer, key } = session
    const { groups } = /^OLLAMA_HOST=(?<host>\S+) ollama /.exec(ofOllama[0] ?? '') ?? {}
    const host = atOurPort(groups?.host ?? '').replace('plk_…', key)
    await using gateway = newcomer.start('PARALLAMA_KEY_IN_PATH=true npx -y bun@1.4.5 run start')
    await gateway.waitFor(/"msg":"serving"/)
    expect(await succeed(session, `curl --fail ${host}/api/tags`)).toMatchObject({
      stdout: expect.stringContaining('llama3.2:3b'),
    })
  })

  for (const command of ofOurs) {
    test(command, async () => {
      const line = command.replace('NAME', 'anna').replace('ID', session.key.slice(4, 14))
      const sure = / (delete|down)\b/.test(line) ? ' --yes' : ''
      // A command with a flag and nothing else is spoken of, and not to be run.
      const [, spokenOf, flag = ''] = /^(\w+ \w+) (--\w+)$/.exec(command) ?? []
      // The server has made no key in the place of this one.
      const isEarly = command.startsWith('key successor ')
      const help = spokenOf ?? (isEarly ? 'key successor' : undefined)
      const run = help ? `${help} --help` : line + sure
      expect(await succeed(session, `npx -y bun@1.4.5 run cli ${run}`)).toMatchObject({
        stdout: expect.stringContaining(flag),
      })
    })
  }

  for (const command of ofBun) {
    test(command, PATIENCE, async () => {
      const { stderr } = await succeed(session, command.replace('bun', 'npx -y bun@1.4.5'))
      expect(stderr).toMatch(PASSED)
    })
  }
})

/** Runs the README's program as it stands. */
async function runProgram(text: string): Promise<void> {
  await Bun.write(join(session.newcomer.checkout, 'dist/anna.mjs'), text)
  const { stdout } = await succeed(session, 'node dist/anna.mjs')
  expect(stdout).toContain('“Hello”')
}
