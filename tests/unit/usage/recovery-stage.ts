import { mkdtempSync, readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenRequest, Progress } from '../../../app/domain/open-request.ts'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { silentLog } from '../../../app/log.ts'
import { createFileJournal } from '../../../app/usage/file-journal.ts'
import { createOpenRequests, type OpenRequests } from '../../../app/usage/open-requests.ts'
import {
  createRecovery,
  openFile,
  type RecoveryNeeds,
  rowsFile,
  STALE_MS,
} from '../../../app/usage/recovery.ts'
import { createClock } from '../support/clock.ts'
import { usageRecord } from '../support/usage-record.ts'

export const DIED_AT = 1_700_000_000_000
export const NOT_SENT: Progress = {
  backend: null,
  dispatchedAt: null,
  firstRecordAt: null,
  seen: 0,
}

export const requestOf = (id: string): OpenRequest => ({
  id,
  requestId: `client-${id}`,
  userId: 'user-1',
  keyId: 'key-1',
  gateway: 'ollama',
  operation: 'chat',
  model: 'llama3:latest',
  promptBytes: 300,
  startedAt: DIED_AT - 5000,
})

type Store = (rows: readonly UsageRecord[]) => Promise<void>

/** A folder of journals, of which the process `alive` takes over what others have left. */
export class RecoveryStage {
  readonly folder: string
  readonly ledger = new Map<string, UsageRecord>()
  readonly torn: string[] = []
  readonly expired: string[] = []
  readonly clock = createClock(DIED_AT + STALE_MS + 1)

  constructor(root: string) {
    this.folder = mkdtempSync(join(root, 'data-'))
  }

  /** What the process `dead` notes. */
  dying(): OpenRequests {
    const path = openFile(this.folder, 'dead')
    return createOpenRequests({ path, clock: this.clock, log: silentLog })
  }

  /** Lets the last sign of life of all that are there be as long ago as that of one that died. */
  died(): void {
    for (const name of readdirSync(this.folder))
      utimesSync(`${this.folder}/${name}`, DIED_AT / 1000, DIED_AT / 1000)
  }

  /** A row in a process's journal. */
  async keepRow(node: string, ...ids: string[]): Promise<void> {
    const journal = createFileJournal({ path: rowsFile(this.folder, node), onTorn: () => {} })
    await journal.keep(ids.map(usageRecord))
    await journal.close()
  }

  needs(write: Store = (rows) => this.store(rows)): RecoveryNeeds {
    return {
      folder: this.folder,
      node: 'alive',
      write,
      maxRows: 2,
      keptSince: () => 0,
      missing: async (rows) => rows.filter(({ id }) => !this.ledger.has(id)),
      clock: this.clock,
      log: silentLog,
      onTorn: ({ text }) => this.torn.push(text),
      onExpired: ({ id }) => this.expired.push(id),
    }
  }

  async recover(write?: Store): Promise<void> {
    await createRecovery(this.needs(write))()
  }

  private async store(rows: readonly UsageRecord[]): Promise<void> {
    for (const row of rows) if (!this.ledger.has(row.id)) this.ledger.set(row.id, row)
  }
}
