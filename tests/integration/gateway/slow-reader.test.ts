import { expect, test } from 'bun:test'
import { goJson } from '../../support/fake-ollama/go-text.ts'
import { chatChunk, chatDone } from '../../support/fake-ollama/records.ts'
import { rawBytes } from '../../support/fake-ollama/script.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const RECORDS = 800
/** More than what the sockets between Ollama and the client can hold, in bytes. */
const TOTAL_BYTES = RECORDS * 64 * 1024

test('an answer is read no faster than its reader takes it, and reaches him whole', async () => {
  await using stage = await setStage()
  const line = `${goJson(chatChunk(MODEL, 'x'.repeat(TOTAL_BYTES / RECORDS)))}\n`
  const last = `${goJson(chatDone(MODEL, { promptTokens: 1, tokens: RECORDS }))}\n`
  stage.ollama.once('/api/chat', rawBytes([...Array(RECORDS).fill(line), last]))
  const reader = readRecords(await stage.post('/ollama/api/chat', CHAT))
  await reader.next()

  const [entry] = stage.ollama.ledger.filter(({ request }) => request.path === '/api/chat')
  let seen = -1
  while (entry && seen < entry.records) {
    seen = entry.records
    await Bun.sleep(100)
  }
  expect(seen).toBeLessThan(RECORDS / 2)

  expect(await reader.rest()).toHaveLength(RECORDS)
  const [row] = await stage.gateway.usageOf(stage.user)
  expect(row).toMatchObject({ completion_tokens: RECORDS, outcome: 'completed' })
})
