import { expect } from 'bun:test'
import type { Ended } from '../cli-program.ts'
import type { TerminalProgram } from '../terminal.ts'
import type { Newcomer } from './newcomer.ts'

/** The tests of one folder take part where the command would run the suite that runs this. */
const ONE_FOLDER = [
  'tests/{bench,contract,e2e,faults,integration}/**',
  'tests/unit/*.ts',
  'tests/unit/!(errors)/**',
]
  .map((pattern) => `--path-ignore-patterns='${pattern}'`)
  .join(' ')

/** What the runner says when nothing has failed, and not for want of tests. */
export const PASSED = /^ [1-9]\d* pass\n 0 fail$/m

/** The least that `bench` can measure. */
const ONE_ROUND = '--targets bare --scenarios none --rounds 1'
const canMeasure = process.platform === 'linux' && Bun.which('gcc') && Bun.which('taskset')

/** What is kept from one command of the README to the next. */
export interface Session {
  readonly newcomer: Newcomer
  /** The key that `key generate` showed first. */
  key: string
  /** What `start` started. */
  gateway: TerminalProgram | null
}

/** How commands of one kind are run and what they have to do. */
export interface Rule {
  readonly commands: RegExp
  readonly run: (session: Session, command: string) => Promise<void>
}

/** Runs a command to its end, which must be a good one. */
export async function succeed({ newcomer }: Session, command: string): Promise<Ended> {
  const ended = await newcomer.run(command)
  if (ended.code === 0) return ended
  throw new Error(`it ended with ${ended.code}:\n${ended.stdout}\n${ended.stderr}`)
}

const ends =
  (said: RegExp, changed: (command: string) => string = (command) => command): Rule['run'] =>
  async (session, command) => {
    const { stdout, stderr } = await succeed(session, changed(command))
    expect(stdout + stderr).toMatch(said)
  }

/** How each kind of command is run; the first rule that fits holds. */
export const RULES: readonly Rule[] = [
  {
    commands: / run demo$/,
    async run({ newcomer }, command) {
      await using demo = newcomer.start(command)
      await demo.waitFor(/Serving until you press Ctrl-C/)
      demo.pressCtrlC()
      expect(await demo.exited).toBe(0)
    },
  },
  {
    commands: / run start$/,
    async run(session, command) {
      session.gateway = session.newcomer.start(command)
      await session.gateway.waitFor(/"msg":"serving"/)
    },
  },
  { commands: / run test$/, run: ends(PASSED, (command) => `${command} ${ONE_FOLDER}`) },
  { commands: / run check$/, run: ends(PASSED, (command) => `${command} ${ONE_FOLDER}`) },
  {
    commands: / run bench --quick$/,
    run: canMeasure
      ? ends(/CPU per request/, (command) => `${command} ${ONE_ROUND}`)
      : ends(/^Usage/, (command) => `${command} --help`),
  },
  {
    commands: / run cli key generate anna /,
    async run(session, command) {
      const { stdout } = await succeed(session, command)
      session.key = /plk_\w+/.exec(stdout)?.[0] ?? ''
      expect(session.key).toHaveLength(63)
    },
  },
  { commands: / run cli usage list anna/, run: ends(/ chat +llama3\.2:3b .* completed$/m) },
  { commands: / run cli \w+ /, run: ends(/\S/) },
  { commands: / install$/, run: ends(/no changes|installed/) },
  { commands: / run format$/, run: ends(/No fixes applied/) },
  { commands: / run build$/, run: ends(/dist\/parallama/) },
  { commands: /^\.\/dist\/parallama --version$/, run: ends(/^parallama \d+\.\d+\.\d+$/m) },
  {
    commands: /^export \w+=\S+$/,
    async run({ newcomer, key }, command) {
      const [name = '', value = ''] = command.replace('export ', '').split('=')
      newcomer.export(name, value.replace('plk_…', key))
    },
  },
  {
    commands: /^curl /,
    async run(session, command) {
      const { stdout } = await succeed(
        session,
        command.replace('curl ', 'curl --no-progress-meter '),
      )
      const records: unknown[] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      for (const record of records) {
        expect(record).not.toHaveProperty('error')
        expect(record).not.toHaveProperty('code')
      }
    },
  },
]
