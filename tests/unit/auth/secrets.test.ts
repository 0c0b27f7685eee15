import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { openKeyring, readMasterSecret } from '../../../app/auth/secrets.ts'
import { Secret } from '../../../app/domain/secret.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const folder = temporaryFolder()
const SECRET = 'x'.repeat(43)
const MODULE = join(import.meta.dir, '../../../app/auth/secrets.ts')

let places = 0
const newPlace = (): string => join(folder.path, `place-${places++}`)
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

function secretFile(text: string, mode: number): string {
  const file = folder.file(text)
  chmodSync(file, mode)
  return file
}

describe('the master secret', () => {
  test('is made at the first start, readable by nobody else, in a folder for nobody else', () => {
    const home = newPlace()
    const file = join(home, 'data/secret')
    const secret = readMasterSecret(null, file)
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect([modeOf(file), modeOf(join(home, 'data'))]).toEqual(['600', '700'])
    expect(readdirSync(join(home, 'data'))).toEqual(['secret'])
  })

  test('is the same at every later start, and another one in another place', () => {
    const file = join(newPlace(), 'secret')
    const secret = readMasterSecret(null, file)
    expect(readMasterSecret(null, file)).toBe(secret)
    expect(readMasterSecret(null, join(newPlace(), 'secret'))).not.toBe(secret)
  })

  test('is made with mode 600 whatever the umask allows', () => {
    const before = process.umask(0)
    try {
      const file = join(newPlace(), 'secret')
      readMasterSecret(null, file)
      expect(modeOf(file)).toBe('600')
    } finally {
      process.umask(before)
    }
  })

  test.each([0o640, 0o644, 0o604, 0o660, 0o620, 0o610, 0o666, 0o777])(
    'is refused when others can get at it (mode %o)',
    (mode) => {
      const file = secretFile(SECRET, mode)
      const octal = mode.toString(8)
      expect(() => readMasterSecret(null, file)).toThrow(
        `other users can read the master secret ${file} (mode ${octal}): run chmod 600 ${file}`,
      )
    },
  )

  test.each([0o600, 0o400, 0o700])('is accepted when only its owner can (mode %o)', (mode) => {
    expect(readMasterSecret(null, secretFile(`${SECRET}\n`, mode))).toBe(SECRET)
  })

  test('is refused, and not replaced, when it is cut short or empty', () => {
    for (const text of ['', '\n', 'x'.repeat(31)]) {
      const file = secretFile(text, 0o600)
      expect(() => readMasterSecret(null, file)).toThrow(
        'is shorter than 32 characters: restore it',
      )
      expect(readFileSync(file, 'utf8')).toBe(text)
    }
  })

  test('in the configuration counts, and then no file is made or read', () => {
    const file = join(newPlace(), 'secret')
    expect(readMasterSecret(new Secret(SECRET), file)).toBe(SECRET)
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined()
  })

  test('can be a link to a file elsewhere', () => {
    const link = newPlace()
    symlinkSync(secretFile(SECRET, 0o600), link)
    expect(readMasterSecret(null, link)).toBe(SECRET)
  })

  test('is the same for two processes that start at the same moment in an empty place', async () => {
    const home = newPlace()
    const rounds = 60
    // Both wait for the same moment of the clock, again and again: one of the moments will hit.
    const script = `import { readMasterSecret } from ${JSON.stringify(MODULE)}
      const start = ${Date.now() + 300}
      const secrets = Array.from({ length: ${rounds} }, (_, i) => {
        while (Date.now() < start + i * 4);
        return readMasterSecret(null, ${JSON.stringify(home)} + '/' + i + '/secret')
      })
      process.stdout.write(JSON.stringify(secrets))`
    const children = [1, 2].map(() =>
      Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' }),
    )
    const printed = await Promise.all(children.map(({ stdout }) => stdout.json()))
    const stored = Array.from({ length: rounds }, (_, i) =>
      readFileSync(join(home, `${i}/secret`), 'utf8').trim(),
    )
    expect(new Set(stored).size).toBe(rounds)
    expect(printed).toEqual([stored, stored])
  })

  test('is not the draft of another process that is still writing', () => {
    const home = newPlace()
    mkdirSync(home)
    const file = join(home, 'secret')
    // In containers that share a folder, every process has the same id.
    const theirs = `${file}.${process.pid}.tmp`
    writeFileSync(theirs, 'theirs')
    const secret = readMasterSecret(null, file)
    expect(readFileSync(theirs, 'utf8')).toBe('theirs')
    expect(readFileSync(file, 'utf8').trim()).toBe(secret)
  })
})

describe('the digest of a key', () => {
  test('is the same for the same key and secret, and differs for any other', () => {
    const keyring = openKeyring(SECRET)
    expect(keyring.digest('plk_a')).toMatch(/^[0-9a-f]{64}$/)
    expect(keyring.digest('plk_a')).toBe(openKeyring(SECRET).digest('plk_a'))
    expect(keyring.digest('plk_b')).not.toBe(keyring.digest('plk_a'))
    expect(openKeyring(`${SECRET}y`).digest('plk_a')).not.toBe(keyring.digest('plk_a'))
  })

  test('does not change between versions: stored keys would stop working', () => {
    expect(openKeyring('a master secret of 32 characters').digest('plk_example')).toBe(
      'c40f6a69bf4426acee3ed25fec278f2df65279f97c45150cedd7a24f46e96044',
    )
  })
})
