import { MAX_TOOLS } from '../../../app/domain/native.ts'
import { chatChunk, generateChunk } from '../../support/fake-ollama/records.ts'
import {
  badGateway,
  cutShort,
  endWithoutDone,
  errorBefore,
  errorMidStream,
  reset,
  type Script,
  stream,
} from '../../support/fake-ollama/script.ts'
import { MODEL } from '../../support/gateway/stage.ts'
import type { Client, Failure, Question } from './client.ts'
import { QUESTION, WEATHER } from './questions.ts'

/** A failure, and how it comes about. */
export interface Refusal extends Failure {
  readonly name: string
  readonly question?: Question
  /** What Ollama does when it is asked. */
  readonly script?: Script
  readonly key?: string
}

const NONE = { code: 'upstream_error', field: null } as const
const TOOLS = Array.from({ length: MAX_TOOLS + 1 }, (_, i) => ({ ...WEATHER, name: `tool${i}` }))

/** What is refused or fails before there is an answer. */
export const REFUSALS: readonly Refusal[] = [
  {
    name: 'a key that is wrong',
    key: 'nonsense',
    status: 401,
    code: 'unauthorized',
    field: null,
    text: 'unauthorized: send a valid API key',
  },
  {
    name: 'a model that is not there',
    question: { ...QUESTION, model: 'nothing' },
    status: 404,
    code: 'model_not_found',
    field: 'model',
    text: "model 'nothing' not found",
  },
  {
    name: 'a refusal by Ollama',
    script: errorBefore(400, 'bad option'),
    status: 400,
    code: 'bad_request',
    field: null,
    text: 'bad option',
  },
  {
    ...NONE,
    name: 'a crash',
    script: errorBefore(500, 'model runner has stopped'),
    status: 500,
    text: 'model runner has stopped',
  },
  {
    ...NONE,
    name: 'a full queue',
    script: errorBefore(503, 'server busy'),
    status: 503,
    code: 'upstream_busy',
    text: 'server busy',
  },
  {
    ...NONE,
    name: 'a proxy that speaks HTML',
    script: badGateway(),
    status: 502,
    text: 'Ollama gave an answer that makes no sense; try again',
  },
  {
    ...NONE,
    name: 'a connection that breaks',
    script: reset(),
    status: 502,
    text: 'the connection to Ollama broke; try again',
  },
]

/** The same for those who can give tools. */
export const TOO_MANY_TOOLS: Refusal = {
  name: 'more tools than a model can have',
  question: { ...QUESTION, tools: TOOLS },
  status: 400,
  code: 'bad_request',
  field: 'tools',
  text: `tools: at most ${MAX_TOOLS} tools`,
}

/** What goes wrong after the first record. */
export const BREAKS: readonly (Failure & { readonly name: string; readonly script: Script })[] = [
  {
    ...NONE,
    name: 'an error in the stream',
    script: errorMidStream('the model has crashed'),
    status: null,
    text: 'the model has crashed',
  },
  {
    ...NONE,
    name: 'an end without a final record',
    script: endWithoutDone(),
    status: null,
    code: 'upstream_incomplete',
    text: 'Ollama ended its answer early; try again',
  },
  ...[cutShort(), reset()].map((script, i) => ({
    ...NONE,
    name: `a connection that is ${i === 0 ? 'closed' : 'reset'}`,
    script,
    status: null,
    text: 'the connection to Ollama broke; try again',
  })),
]

/** The first records of an answer, one for each text. */
export const beginning = (endpoint: Client['endpoint'], ...texts: string[]): Script =>
  stream(
    texts.map((text) =>
      endpoint === '/api/chat' ? chatChunk(MODEL, text) : generateChunk(MODEL, text),
    ),
  )
