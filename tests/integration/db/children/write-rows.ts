/** Adds rows to the ledger, each acknowledged on a line: `bun write-rows.ts URL PREFIX COUNT`. */
import { openDatabase } from '../../../../db/client.ts'
import { insertRequests, requestRow } from '../../../support/builders.ts'

const [url = '', prefix = '', count = '0'] = process.argv.slice(2)
const handle = openDatabase(url)
for (let i = 0; i < Number(count); i++) {
  const id = `${prefix}-${i}`
  await insertRequests(handle, [requestRow({ id })])
  process.stdout.write(`${id}\n`)
}
await handle.close()
