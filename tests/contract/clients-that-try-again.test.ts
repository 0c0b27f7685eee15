import { describe, expect, test } from 'bun:test'
import { CLIENTS } from './clients/all.ts'
import { gathered } from './clients/gathered.ts'
import { QUESTION } from './clients/questions.ts'
import { setClientStage } from './clients/stage.ts'
import { refused, untilRefused } from './clients/until-refused.ts'

/** How long a test may take where much else runs, in ms. */
const PATIENT_MS = 60_000

const patient = CLIENTS.filter(({ cannot }) => !cannot['trying again'])

describe('a limit that is reached for a moment', () => {
  test.concurrent.each(patient.map((client) => [client.name, client] as const))(
    'is not noticed by the users of %s, which tries again',
    async (_, client) => {
      await using stage = await setClientStage()
      const session = client.open({ url: stage.gateway.url, key: stage.user.key, retries: 5 })
      const told = await untilRefused(stage, () => session.ask(QUESTION))
      expect(told.text).toStartWith('Hello')
      expect(refused(stage, 429)).toBePositive()
    },
    PATIENT_MS,
  )

  test.concurrent.each(patient.map((client) => [client.name, client] as const))(
    'is not noticed in a stream of %s either',
    async (_, client) => {
      await using stage = await setClientStage()
      const session = client.open({ url: stage.gateway.url, key: stage.user.key, retries: 5 })
      const told = await untilRefused(stage, () => gathered(session.stream(QUESTION)))
      expect(told.text).toStartWith('Hello')
      expect(refused(stage, 429)).toBePositive()
    },
    PATIENT_MS,
  )
})
