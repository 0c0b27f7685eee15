/** Holds the write lock of a SQLite file for so many ms: `bun hold-write-lock.ts FILE MS`. */
import { Database } from 'bun:sqlite'

const [file = '', ms = '0'] = process.argv.slice(2)
const database = new Database(file, { readwrite: true })
database.run('begin immediate')
database.run("update roles set description = 'held' where name = 'basic'")
process.stdout.write('held\n')
await Bun.sleep(Number(ms))
database.run('commit')
database.close()
