import { expect, test } from 'bun:test'
import type { Client } from '../../bench/client.ts'
import { TESTER } from '../../support/builders.ts'
import { chatRecords } from '../../support/fake-ollama/records.ts'
import { stream, waitFor } from '../../support/fake-ollama/script.ts'
import type { FakeOllama } from '../../support/fake-ollama.ts'
import { ledgerOf } from '../../support/gateway/ledger.ts'
import { MODEL } from '../../support/gateway/stage.ts'
import { CHAT_TEXT, clientsOf, occupy } from './clients.ts'
import { describeEachStore } from './each-store.ts'
import { until } from './until.ts'

const CAP = 4
const REQUESTS = 500
/** How often each of them asks again when it is refused, and how long it waits at most, in ms. */
const TRIES = 4
const MOST_WAIT_MS = 400
/** How many must have been answered to the end, and be left before they began and in the middle. */
const ENOUGH = 10
/** How long a test may take where much else runs, in ms. */
const PATIENT_MS = 120_000

const LEAVINGS = ['before', 'before', 'before', 'in the middle', 'at the end', 'never']

const upTo = (most: number): number => Math.floor(Math.random() * most)

/** Answers that begin and go on at random moments. */
function answerAtRandom(ollama: FakeOllama): void {
  ollama.on('/api/chat', {
    byRequest: () => [
      waitFor(Bun.sleep(upTo(30))),
      stream(chatRecords(MODEL, Array(4 + upTo(8)).fill('word ')), { gapMs: upTo(4) }),
    ],
  })
}

/** A chat whose client leaves at random: before the answer, in the middle, at its end or never. */
async function chatAtRandom(client: Client): Promise<void> {
  const leaves = LEAVINGS[upTo(LEAVINGS.length)]
  const last = 1 + upTo(3)
  for (let tries = 0; tries < TRIES; tries++) {
    const call = client.send(CHAT_TEXT, (records) => {
      if (leaves === 'in the middle' && records >= last) call.abort()
    })
    if (leaves === 'before') setTimeout(call.abort, upTo(150))
    const reply = await call.reply.catch(() => null)
    if (leaves === 'at the end') call.abort()
    if (reply?.status !== 429) return
    await Bun.sleep(upTo(MOST_WAIT_MS))
  }
}

/** How Ollama's answers have ended so far. */
function endings({ ledger }: FakeOllama) {
  const aborted = ledger.filter(({ outcome }) => outcome === 'aborted')
  return {
    completed: ledger.filter(({ outcome }) => outcome === 'completed').length,
    leftBefore: aborted.filter(({ records }) => records === 0).length,
    leftInTheMiddle: aborted.filter(({ records }) => records > 0).length,
  }
}

await describeEachStore('a limit of 4 concurrent requests', {}, (setting) => {
  test(
    'is never exceeded by waves of 500 whose clients leave at random, and nothing stays reserved',
    async () => {
      const { ollama, replicas, view } = setting()
      const user = await replicas.user()
      const amounts = [{ unit: 'concurrent-requests', window: 'now', amount: CAP }] as const
      const rule = { gateway: 'ollama', amounts }
      await replicas.admin.limits.set(TESTER, { user: user.username }, rule)
      answerAtRandom(ollama)
      const clients = clientsOf(replicas.all, user)
      while (Object.values(endings(ollama)).some((count) => count < ENOUGH)) {
        await Promise.all(
          Array.from({ length: REQUESTS }, async (_, i) => {
            const client = clients[i % clients.length]
            if (client) await chatAtRandom(client)
          }),
        )
      }
      await ollama.idle()
      expect(ollama.peakInFlight(MODEL)).toBe(CAP)
      const asked = ollama.calls('/api/chat').length
      await until(async () => (await ledgerOf(replicas.store.db, user.id)).length >= asked)
      await view.released(`user:${user.id}`)

      // Until the gateways have read the last of those whose clients had left before.
      await until(async () => {
        const { count, leave } = await occupy(ollama, clients, CAP + 1)
        await leave()
        return count === CAP
      })
      await view.released(`user:${user.id}`)
      expect(ollama.peakInFlight(MODEL)).toBe(CAP)
      expect(replicas.warnings()).toEqual([])
      for (const client of clients) client.close()
    },
    PATIENT_MS,
  )
})
