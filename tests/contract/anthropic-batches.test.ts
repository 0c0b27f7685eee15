import { expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { setStage } from '../support/gateway/stage.ts'

test.each(['anthropic', 'ollama'])(
  "Anthropic's client is told at once that there are no batches: /%s",
  async (gateway) => {
    await using stage = await setStage()
    const { key } = await stage.gateway.user({ roles: ['premium'] })
    let attempts = 0
    const { batches } = new Anthropic({
      baseURL: `${stage.gateway.url}/${gateway}`,
      apiKey: key,
      fetch: async (url, init) => {
        attempts++
        return await fetch(url, init)
      },
    }).messages
    const asked = [
      () => batches.create({ requests: [] }),
      async () => await batches.list(),
      () => batches.retrieve('msgbatch_1'),
    ]
    for (const ask of asked) {
      attempts = 0
      const err = await ask().catch((err: unknown) => err)
      expect(err).toMatchObject({
        status: 501,
        apiMessage: 'batches: not offered here; send each message by itself',
      })
      expect(attempts).toBe(1)
    }
    expect(stage.asked()).toEqual([])
  },
)
