import { afterEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { createFileJournal, type FileJournalNeeds } from '../../../app/usage/file-journal.ts'
import type { Journal } from '../../../app/usage/journal.ts'
import { createMemoryJournal } from '../../../app/usage/memory-journal.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { usageRecord } from '../support/usage-record.ts'

const folder = temporaryFolder()
let files = 0
const freshPath = (): string => join(folder, `${files++}.rows`)
const opened: Journal[] = []
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close()
})

function openJournal(needs: FileJournalNeeds): Journal {
  const journal = createFileJournal(needs)
  opened.push(journal)
  return journal
}

const noneTorn = (): never => {
  throw new Error('a line is torn')
}
const rows = (...names: string[]): UsageRecord[] => names.map((name) => usageRecord(name))
const numbered = (count: number): UsageRecord[] =>
  rows(...Array.from({ length: count }, (_, i) => `${i}`))

/** All that a journal hands out. */
async function replayed(journal: Journal, size = 100): Promise<UsageRecord[][]> {
  const groups: UsageRecord[][] = []
  await journal.replay(async (group) => void groups.push([...group]), size)
  return groups
}

const JOURNALS: readonly [string, () => Journal][] = [
  ['in memory', createMemoryJournal],
  ['in a file', () => openJournal({ path: freshPath(), onTorn: noneTorn })],
]

describe.each(JOURNALS)('a journal %s', (_, create) => {
  test('hands out what it has kept, the oldest first, and forgets it', async () => {
    const journal = create()
    await journal.keep(rows('a', 'b'))
    await journal.keep(rows('c', 'd', 'e'))
    expect([journal.kept, journal.isWritable]).toEqual([5, true])
    expect((await replayed(journal, 2)).flat()).toEqual(rows('a', 'b', 'c', 'd', 'e'))
    expect(journal.kept).toBe(0)
    expect(await replayed(journal)).toEqual([])
    await journal.keep(rows('f'))
    expect((await replayed(journal)).flat()).toEqual(rows('f'))
  })

  test('hands out no more rows at a time than it is asked for', async () => {
    const journal = create()
    await journal.keep(numbered(2500))
    const groups = await replayed(journal, 1000)
    expect(Math.max(...groups.map(({ length }) => length))).toBeLessThanOrEqual(1000)
    expect(groups.flat()).toEqual(numbered(2500))
  })

  test('keeps what could not be stored', async () => {
    const journal = create()
    await journal.keep(rows('a', 'b'))
    const refuse = () => Promise.reject(new Error('the database is away'))
    await expect(journal.replay(refuse, 10)).rejects.toThrow('away')
    expect(journal.kept).toBe(2)
    expect((await replayed(journal)).flat()).toEqual(rows('a', 'b'))
  })

  test('keeps what comes while it hands out', async () => {
    const journal = create()
    await journal.keep(rows('a'))
    const seen: string[] = []
    await journal.replay(async (group) => {
      seen.push(...group.map(({ id }) => id))
      if (seen.length === 1) await journal.keep(rows('b'))
    }, 10)
    seen.push(...(await replayed(journal)).flat().map(({ id }) => id))
    expect(seen).toEqual(['a', 'b'])
    expect(journal.kept).toBe(0)
  })
})

describe('the file of a journal', () => {
  test('is readable by its owner alone, and goes when nothing is kept in it', async () => {
    const path = freshPath()
    const journal = openJournal({ path, onTorn: noneTorn })
    await journal.keep(rows('a'))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await replayed(journal)
    await journal.close()
    expect(existsSync(path)).toBe(false)
  })

  test('takes rows after it was closed, behind those that it has', async () => {
    const path = freshPath()
    const journal = openJournal({ path, onTorn: noneTorn })
    await journal.keep(rows('a', 'b'))
    await journal.close()
    await journal.keep(rows('late'))
    expect((await replayed(journal)).flat()).toEqual(rows('a', 'b', 'late'))
  })

  test('stays when something is', async () => {
    const path = freshPath()
    const journal = openJournal({ path, onTorn: noneTorn })
    await journal.keep(rows('a'))
    await journal.close()
    expect(readFileSync(path, 'utf8')).toContain('"id":"a"')
  })

  test('is begun when the disk takes it', async () => {
    const missing = join(folder, 'later')
    const journal = openJournal({ path: join(missing, 'x.rows'), onTorn: noneTorn })
    await expect(journal.keep(rows('a'))).rejects.toThrow('ENOENT')
    expect([journal.isWritable, journal.kept]).toEqual([false, 0])
    mkdirSync(missing)
    await journal.keep(rows('a'))
    expect([journal.isWritable, journal.kept]).toEqual([true, 1])
  })

  test('loses only the line that is torn, and names it', async () => {
    const path = freshPath()
    const torn: { at: number; text: string; file: string }[] = []
    const journal = openJournal({ path, onTorn: (line) => torn.push(line) })
    await journal.keep(rows('a', 'b', 'c'))
    const [first = '', second = '', third = ''] = readFileSync(path, 'utf8').split('\n')
    writeFileSync(path, `${first}\n${second.replace('"id":"b"', '"id":"x"')}\n${third}\n`)
    expect((await replayed(journal)).flat()).toEqual(rows('a', 'c'))
    expect(torn).toEqual([
      { at: first.length + 1, text: expect.stringContaining('"id":"x"'), file: path },
    ])
  })

  test('is read over any number of pieces, whatever its lines are cut at', async () => {
    const path = freshPath()
    const journal = openJournal({ path, onTorn: noneTorn })
    const long = numbered(3000).map((row) => ({
      ...row,
      requestId: `é${'ü'.repeat(200)}${row.id}`,
    }))
    await journal.keep(long)
    expect(statSync(path).size).toBeGreaterThan(3 * 256 * 1024)
    expect((await replayed(journal)).flat()).toEqual(long)
  })

  test('does not take what stands behind its own lines for one', async () => {
    const path = freshPath()
    const journal = openJournal({ path, onTorn: noneTorn })
    await journal.keep(rows('a'))
    appendFileSync(path, 'half a li')
    await journal.keep(rows('b'))
    expect((await replayed(journal)).flat()).toEqual(rows('a', 'b'))
  })
})
