import { beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { CommandIo } from '../../../cli/command.ts'
import { mayReplace, writeWhole } from '../../../cli/commands/usage/export-file.ts'
import { CliError, UsageError } from '../../../cli/errors.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
const file = `${folder}/out.csv`
/** Nobody can be asked. */
const io = { stdin: {}, stderr: {} } as CommandIo
const HINT = 'Name another file with --output.'

const errorOf = (done: Promise<unknown>): Promise<unknown> => done.catch((err: unknown) => err)

beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(`${folder}/${name}`, { recursive: true })
})

describe('a file that is written whole', () => {
  test('has all texts, and takes the place of what was there', async () => {
    writeFileSync(file, 'before')
    await writeWhole(file, ['one,', 'two'])
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['one,two', ['out.csv']])
  })

  test('fails as its source does, and leaves nothing', async () => {
    const gone = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      errno: -111,
    })
    async function* source() {
      yield 'the beginning'
      throw gone
    }
    expect(await errorOf(writeWhole(file, source()))).toBe(gone)
    expect(readdirSync(folder)).toEqual([])
  })

  test('says what to do where it can’t be made, or can’t take its name', async () => {
    const nowhere = `${folder}/nowhere/out.csv`
    expect(await errorOf(writeWhole(nowhere, ['text']))).toMatchObject({
      name: 'CliError',
      message: `can't write ${nowhere}: ENOENT: no such file or directory`,
      hint: HINT,
    })
    mkdirSync(file)
    const refused = await errorOf(writeWhole(file, ['text']))
    expect(refused).toBeInstanceOf(CliError)
    expect(refused).toMatchObject({ message: expect.stringContaining(file), hint: HINT })
    expect(readdirSync(folder)).toEqual(['out.csv'])
  })
})

describe('a file that is to be written', () => {
  test('is refused where no file can be', async () => {
    writeFileSync(file, 'a file')
    const within = `${file}/more.csv`
    expect(await errorOf(mayReplace(io, within, true))).toMatchObject({
      name: 'CliError',
      message: expect.stringContaining(`can't write ${within}: ENOTDIR`),
      hint: HINT,
    })
  })

  test('has a name', async () => {
    const refused = await errorOf(mayReplace(io, '', true))
    expect(refused).toBeInstanceOf(UsageError)
    expect(refused).toMatchObject({ message: '--output needs the name of a file' })
  })
})
