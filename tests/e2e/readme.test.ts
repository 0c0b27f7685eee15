import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { startSimulatedOllama } from '../../cli/demo/simulated-ollama.ts'
import { createNewcomer } from '../support/readme/newcomer.ts'
import { RULES, type Session, succeed } from '../support/readme/rules.ts'
import { snippetsOf } from '../support/readme.ts'
import { freePort } from '../support/servers/free-port.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const README = await Bun.file(join(import.meta.dir, '../../README.md')).text()
const GATEWAY = '127.0.0.1:8000'
/** The whole suite may run at once with other work on a small machine. */
const PATIENCE = { timeout: 120_000 }

const port = freePort()
const ollama = await startSimulatedOllama({ pace: async () => {} })
const env = { PARALLAMA_PORT: String(port), PARALLAMA_OLLAMA_URLS: ollama.url }
const folders = { newcomer: temporaryFolder(), npx: temporaryFolder() }
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

describe('every command of the README does what it says, in order', () => {
  const session: Session = {
    newcomer: createNewcomer(folders.newcomer, { realNpx: false, env }),
    key: '',
    stopGateway: async () => {},
  }
  afterAll(() => session.stopGateway())

  for (const { language, text, line } of snippetsOf(README)) {
    const command = atOurPort(text)
    if (language === 'sh') {
      test(`line ${line}: ${text}`, PATIENCE, async () => {
        const rules = RULES.filter(({ commands }) => commands.test(command))
        if (!rules[0]) throw new Error('nobody has said yet how this command is tested')
        await rules[0].run(session, command)
      })
    } else {
      test(`line ${line}: the ${language} program`, PATIENCE, () => runProgram(session, command))
    }
  }
})

/** Runs the README's program, and one chat with the client that it has made. */
async function runProgram(session: Session, text: string): Promise<void> {
  const chat = `
const answer = await ollama.chat({ model: 'llama3.2:3b', messages: [{ role: 'user', content: 'Hi' }], stream: true })
for await (const part of answer) process.stdout.write(part.message.content + '\\n')
`
  await Bun.write(join(session.newcomer.checkout, 'anna.mjs'), text + chat)
  const { stdout } = await succeed(session, 'node anna.mjs')
  expect(stdout.trim().split('\n').length).toBeGreaterThan(10)
}
