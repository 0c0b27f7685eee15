import { expect, test } from 'bun:test'
import { type ApiAnswer, callApi } from '../../support/api.ts'
import { describeSqlite } from '../../support/each-database.ts'
import { setStage } from '../../support/gateway/stage.ts'

/** The lists that come in pages; each has at least two rows on a stage with two administrators. */
const LISTS = ['/admin/users', '/admin/keys', '/admin/roles', '/admin/audit']

/** What names a row: the rest of it may change from one page to the next. */
const namesOf = ({ data }: ApiAnswer): unknown[] => data.map(({ id, name }) => id ?? name)

describeSqlite('a page of a list', (openFresh) => {
  test('has as many rows as are asked for, from 1 to 200, and nothing else is taken', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    for (const path of [...LISTS, '/admin/usage', '/admin/invitations']) {
      const status = async (limit: string) =>
        (await callApi(stage, 'GET', `${path}?limit=${limit}`, { as: root })).status
      for (const limit of ['-1', '0', '201', '1e9', '1e2', 'abc', '', '1.5', '+1', '99999999999']) {
        expect([path, limit, await status(limit)]).toEqual([path, limit, 422])
      }
      expect([await status('1'), await status('200')]).toEqual([200, 200])
    }
  })

  test('leads to the next one, and all of them to the whole list', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    for (const path of LISTS) {
      // The log goes on meanwhile.
      const end = path === '/admin/audit' ? `&until=${new Date().toISOString()}` : ''
      const all = await callApi(stage, 'GET', `${path}?limit=200${end}`, { as: root })
      expect(all.data.length).toBeGreaterThan(1)
      const seen: unknown[] = []
      let cursor = ''
      for (let i = 0; i < all.data.length; i++) {
        const page = await callApi(stage, 'GET', `${path}?limit=1${end}${cursor}`, { as: root })
        seen.push(...namesOf(page))
        cursor = `&cursor=${page.body.next_cursor}`
      }
      expect(seen).toEqual(namesOf(all))
      expect(cursor).toBe('&cursor=null')
    }
  })

  test('is not given for a cursor that was changed, made up, of another list, filter or caller', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const other = await stage.gateway.administrator()
    const first = await callApi(stage, 'GET', '/admin/users?limit=1', { as: root })
    const cursor = String(first.body.next_cursor)
    const bytes = Buffer.from(cursor, 'base64url')
    const follow = (query: string, as = root, path = '/admin/users') =>
      callApi(stage, 'GET', `${path}?${query}`, { as })
    const flipped = (i: number): string => {
      const copy = Buffer.from(bytes)
      copy[i] = (copy[i] ?? 0) ^ 1
      return copy.toString('base64url')
    }
    const refused = [
      await follow(`cursor=${flipped(0)}`),
      await follow(`cursor=${flipped(bytes.length - 1)}`),
      await follow(`cursor=${cursor}A`),
      await follow(`cursor=${cursor.slice(0, -1)}`),
      await follow(`cursor=${encodeURIComponent(`${cursor}=`)}`),
      await follow(`cursor=${Buffer.from('user-0').toString('base64url')}`),
      await follow('cursor='),
      await follow('cursor=null'),
      await follow(`cursor=${'A'.repeat(1001)}`),
      await follow(`cursor=${cursor}&cursor=${cursor}`),
      await follow(`cursor=${cursor}&role=basic`),
      await follow(`cursor=${cursor}&search=user`),
      await follow(`cursor=${cursor}`, root, '/admin/keys'),
      await follow(`cursor=${cursor}`, other),
    ]
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 422))
    expect((await follow(`cursor=${cursor}`)).status).toBe(200)
    expect((await follow(`cursor=${cursor}&limit=7`)).status).toBe(200)
  })
})
