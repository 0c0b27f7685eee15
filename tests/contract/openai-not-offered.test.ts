import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI, { APIError, NotFoundError, toFile } from 'openai'
import { MODEL } from '../support/gateway/stage.ts'
import { setClientStage } from './clients/stage.ts'
import { thrownBy } from './clients/thrown-by.ts'

const stage = await setClientStage()
afterAll(() => stage[Symbol.asyncDispose]())

let attempts = 0
/** One that tries again whatever it may. */
const client = new OpenAI({
  baseURL: `${stage.gateway.url}/openai/v1`,
  apiKey: stage.user.key,
  maxRetries: 5,
  fetch: async (url, init) => {
    // It also tries out what can be sent, at no address of anybody's.
    if (String(url).startsWith(stage.gateway.url)) attempts++
    return await fetch(url, init)
  },
})
beforeEach(() => {
  attempts = 0
})

const sound = () => toFile(Buffer.from('RIFF'), 'hello.wav')

describe("OpenAI's client is told once that there is nothing like it here when it asks for", () => {
  test.each([
    ['moderations', () => client.moderations.create({ input: 'hi' })],
    ['images', () => client.images.generate({ prompt: 'a llama' })],
    ['audio', () => client.audio.speech.create({ model: MODEL, voice: 'alloy', input: 'hi' })],
    [
      'audio',
      async () => client.audio.transcriptions.create({ model: MODEL, file: await sound() }),
    ],
  ])('%s', async (name, ask: () => PromiseLike<unknown>) => {
    const thrown = await thrownBy(ask)
    expect(thrown).toBeInstanceOf(APIError)
    expect(thrown).toMatchObject({
      status: 501,
      code: 'not_implemented',
      message: `501 ${name}: not offered here`,
    })
    expect(attempts).toBe(1)
  })
})

describe("OpenAI's client is told that no response is kept when it wants", () => {
  test.each([
    ['one that was made', () => client.responses.retrieve('resp_1')],
    ['to follow one', () => client.responses.retrieve('resp_1', { stream: true })],
    ['to delete one', () => client.responses.delete('resp_1')],
    ['to stop one', () => client.responses.cancel('resp_1')],
    ['what one was asked', () => client.responses.inputItems.list('resp_1')],
  ])('%s', async (_, ask: () => PromiseLike<unknown>) => {
    const thrown = await thrownBy(ask)
    expect(thrown).toBeInstanceOf(NotFoundError)
    expect(thrown).toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(/^404 nothing is kept here/),
    })
    expect(attempts).toBe(1)
  })
})
