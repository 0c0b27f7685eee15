import { MODEL } from '../../support/gateway/stage.ts'
import type { Call, Question, Tool } from './client.ts'

export const QUESTION: Question = { model: MODEL, text: 'hi' }

/** One pixel. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

export const SHAPE = {
  title: 'answer',
  description: 'what there is to see',
  type: 'object',
  properties: { colour: { type: 'string' } },
  required: ['colour'],
  additionalProperties: false,
}

export const WEATHER: Tool = {
  name: 'weather',
  description: 'the weather in a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'number' } },
  },
}

/** A call of it. */
export const CALL: Call = { name: 'weather', input: { city: 'Łódź', days: 2 } }
