import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import postgres from 'postgres'
import { createClient } from 'redis'

/** All that is in a database, as text: of SQLite the bytes of its files, of PostgreSQL every row. */
export async function dumpDatabase(url: string): Promise<string> {
  return url.startsWith('sqlite:') ? dumpFiles(url.slice('sqlite:'.length)) : dumpTables(url)
}

/** The file and those beside it: what is committed may be in the write-ahead log alone. */
async function dumpFiles(file: string): Promise<string> {
  const folder = dirname(file)
  const names = (await readdir(folder)).filter((name) => name.startsWith(basename(file)))
  const files = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')))
  return files.join('\n')
}

async function dumpTables(url: string): Promise<string> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    const tables = await sql<{ name: string }[]>`
      select quote_ident(table_name) as name from information_schema.tables
      where table_schema = 'public'`
    const rows: string[] = []
    for (const { name } of tables) {
      const found = await sql.unsafe<{ row: string }[]>(
        `select row_to_json(t)::text as row from ${name} t`,
      )
      rows.push(...found.map(({ row }) => `${name} ${row}`))
    }
    return rows.join('\n')
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** All that is in a Redis, as text: every key with its value. */
export async function dumpRedis(url: string): Promise<string> {
  const client = await createClient({ url, RESP: 2 }).connect()
  const read: Readonly<Record<string, (key: string) => readonly string[]>> = {
    string: (key) => ['GET', key],
    hash: (key) => ['HGETALL', key],
    list: (key) => ['LRANGE', key, '0', '-1'],
    set: (key) => ['SMEMBERS', key],
    zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
    stream: (key) => ['XRANGE', key, '-', '+'],
  }
  try {
    const lines: string[] = []
    for (const key of (await client.sendCommand(['KEYS', '*'])) as unknown as string[]) {
      const type = String(await client.sendCommand(['TYPE', key]))
      const command = read[type]?.(key)
      if (!command) throw new Error(`no way to read the ${type} ${key}`)
      lines.push(`${key} ${JSON.stringify(await client.sendCommand([...command]))}`)
    }
    return lines.join('\n')
  } finally {
    client.destroy()
  }
}
