import { expect } from 'bun:test'
import { runProgram } from './cli-program.ts'

type Env = Readonly<Record<string, string>>

/** The program with these settings, given one line of arguments at a time; `more` are for that line only. */
export function cliLines(env: Env) {
  const run = (line: string, more: Env = {}) =>
    runProgram(line.split(' '), { env: { ...env, ...more } })
  /** What a line that has to succeed says, without a complaint. */
  const says = async (line: string, more?: Env): Promise<string> => {
    const { code, stdout, stderr } = await run(line, more)
    expect([line, code, stderr]).toEqual([line, 0, ''])
    return stdout
  }
  /** The same for programs. */
  const json = async (line: string, more?: Env) => JSON.parse(await says(`${line} --json`, more))
  return { run, says, json }
}
