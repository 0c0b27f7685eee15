import { afterAll } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is removed when the tests of the file have run. */
export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'parallama-unit-'))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  let files = 0
  return {
    path,
    /** Writes a new file and gives its path. */
    file(text: string, ending = ''): string {
      const file = join(path, `file-${files++}${ending}`)
      writeFileSync(file, text)
      return file
    },
  }
}
