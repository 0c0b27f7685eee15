import type { Db } from '../../db/client.ts'
import { addKeyAddress, touchKey, touchKeyAddress } from '../../db/queries/key-uses.ts'
import { findKey } from '../../db/queries/keys.ts'
import { subscriberOf } from '../domain/address.ts'
import { agentText } from '../domain/agent.ts'
import type { KeyUse } from '../domain/key-use.ts'
import type { Log } from '../log.ts'
import { type AuditNeeds, writeAudit } from './audit-trail.ts'

/** The use of a key from one address is written down once in this time, in ms. */
const INTERVAL_MS = 60_000
/** Of how many keys and addresses it is known that their use was noted, and how many wait at most. */
const MAX_KNOWN = 10_000

export interface KeyUsesNeeds extends AuditNeeds {
  readonly log: Log
}

export interface KeyUses {
  /** Notes a use; never waits, never throws, and does next to nothing for one that was just noted. */
  note(use: KeyUse): void
  /** Writes down what was noted. Never rejects: what can't be written is noted at its next use. */
  flush(): Promise<void>
  /** Writes down the rest. */
  close(): Promise<void>
}

interface NotedUse extends KeyUse {
  readonly at: number
}

/**
 * Writes down when, from where and by what keys are used: each at most once a minute, off the path of
 * the request. An address that is new to a key gets an entry in the audit log. None of it raises the
 * revision, for nobody's rights change.
 */
export function createKeyUses(needs: KeyUsesNeeds): KeyUses {
  const { db, clock, log } = needs
  /** When the use of which key from which address was noted; the oldest first. */
  const noted = new Map<string, number>()
  let waiting = new Map<string, NotedUse>()
  let writing: Promise<void> | null = null

  const writeAll = async (): Promise<void> => {
    const uses = [...waiting]
    waiting = new Map()
    for (const [i, [, use]] of uses.entries()) {
      try {
        // Each alone: a transaction that holds one key never waits for another that holds two.
        await db.transaction().execute((tx) => writeUse(needs, tx, use))
      } catch (err) {
        for (const [name] of uses.slice(i)) noted.delete(name)
        log.warn({ err }, 'the last use of keys could not be written down')
        return
      }
    }
  }

  const flush = async (): Promise<void> => {
    await writing
    if (waiting.size === 0) return
    writing ??= writeAll().finally(() => {
      writing = null
    })
    await writing
  }

  return {
    note(use) {
      const name = `${use.keyId} ${subscriberOf(use.address)}`
      const at = clock.now()
      const before = noted.get(name)
      if (before !== undefined && at - before < INTERVAL_MS && at >= before) return
      if (waiting.size >= MAX_KNOWN) return
      noted.delete(name)
      noted.set(name, at)
      if (noted.size > MAX_KNOWN) noted.delete(noted.keys().next().value ?? '')
      waiting.set(name, { ...use, agent: agentText(use.agent), at })
    },
    flush,
    close: flush,
  }
}

async function writeUse(needs: KeyUsesNeeds, tx: Db, use: NotedUse): Promise<void> {
  const { keyId, address, at } = use
  await touchKey(tx, use, at - INTERVAL_MS)
  // One subscriber has a whole /64 of IPv6 and changes within it all the time.
  const place = subscriberOf(address)
  if (place === null) return
  const row = { key_id: keyId, address: place, last_used_at: at }
  if (!(await addKeyAddress(tx, { ...row, first_used_at: at }))) {
    await touchKeyAddress(tx, row, at - INTERVAL_MS)
    return
  }
  const owner = await findKey(tx, keyId)
  const actor = { name: `key:${keyId}`, address, requestId: null, principal: null }
  const act = { actor, action: 'key.new-address', target: owner?.username ?? keyId }
  await writeAudit(needs, tx, act, { outcome: 'done', detail: { keyId, address } })
}
