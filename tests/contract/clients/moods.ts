import {
  chatChunk,
  chatDone,
  generateChunk,
  generateDone,
  type Metrics,
  toolCall,
} from '../../support/fake-ollama/records.ts'
import {
  headers,
  type Script,
  type Scripted,
  type StreamOptions,
  stream,
} from '../../support/fake-ollama/script.ts'
import { MODEL } from '../../support/gateway/stage.ts'
import type { Ability, Call, Client, Told } from './client.ts'
import { CALL } from './questions.ts'

/** What one record of an answer says. */
interface Said {
  readonly text?: string
  readonly thinking?: string
  readonly calls?: readonly Call[]
}

/** A way in which Ollama may write an answer, and what it says. */
export interface Mood {
  readonly name: string
  /** What a client must be able to do to understand it. */
  readonly needs: readonly Ability[]
  readonly records: readonly Said[]
  readonly options: StreamOptions
  readonly metrics: Metrics
}

const TEXT: readonly Said[] = [{ text: 'Grüße' }, { text: ' an' }, { text: ' 🦙 & <b>' }, {}]
const COUNTS: Metrics = { promptTokens: 11, tokens: 4 }
const PLAIN: Omit<Mood, 'name'> = { needs: [], records: TEXT, options: {}, metrics: COUNTS }

/** All of them. */
export const MOODS: readonly Mood[] = [
  ...[1, 3, 7, 64, 4096, 'together' as const, 'record' as const].map((chunking) => ({
    ...PLAIN,
    name: `writes of ${typeof chunking === 'number' ? `${chunking} bytes` : chunking}`,
    options: { chunking },
  })),
  { ...PLAIN, name: 'writes of several sizes', options: { chunking: [5, 200, 1, 2, 90, 3] } },
  { ...PLAIN, name: 'a pause between writes', options: { gapMs: 5 } },
  { ...PLAIN, name: 'lines that end with CRLF', options: { crlf: true } },
  { ...PLAIN, name: 'CRLF, byte by byte', options: { crlf: true, chunking: 1 } },
  { ...PLAIN, name: 'no newline at the end', options: { noFinalNewline: true } },
  { ...PLAIN, name: 'no counts', metrics: {} },
  { ...PLAIN, name: 'no reason for the end', metrics: { ...COUNTS, doneReason: null } },
  { ...PLAIN, name: 'nothing at all', records: [{}], metrics: { promptTokens: 11 } },
  {
    ...PLAIN,
    name: 'text in the final record',
    needs: ['text in the final record'],
    records: [{ text: 'Grüße' }, { text: ' an alle' }],
  },
  {
    ...PLAIN,
    name: 'all text in the final record',
    needs: ['text in the final record'],
    records: [{ text: 'Grüße' }],
  },
  { ...PLAIN, name: 'a call', needs: ['tools'], records: [{ calls: [CALL] }, {}] },
  {
    ...PLAIN,
    name: 'several calls',
    needs: ['tools'],
    records: [{ calls: [CALL] }, { calls: [{ ...CALL, input: {} }] }, {}],
  },
  { ...PLAIN, name: 'a call in the final record', needs: ['tools'], records: [{ calls: [CALL] }] },
  {
    ...PLAIN,
    name: 'a call after text',
    needs: ['tools'],
    records: [{ text: 'I ask.' }, { calls: [CALL] }, {}],
  },
  {
    ...PLAIN,
    name: 'thoughts before the text',
    needs: ['thinking'],
    records: [{ thinking: 'Let me' }, { thinking: ' think.' }, ...TEXT],
  },
  {
    ...PLAIN,
    name: 'thoughts and text in one record',
    needs: ['thinking'],
    records: [{ thinking: 'Let me' }, { thinking: ' think.', text: 'Grüße' }, {}],
  },
]

/** An answer that says this and nothing else, as most are written. */
export const moodOf = (said: Said): Mood => ({ ...PLAIN, name: '', records: [said, {}] })

/** What a client has to understand; `estimate` is what it is told of a prompt that nobody counted. */
export const meaningOf = ({ records, metrics }: Mood, estimate = 0): Told => ({
  text: records.map(({ text = '' }) => text).join(''),
  thinking: records.map(({ thinking = '' }) => thinking).join(''),
  calls: records.flatMap(({ calls = [] }) => calls),
  promptTokens: metrics.promptTokens ?? estimate,
  completionTokens: metrics.tokens ?? 0,
})

/** Answers in that mood, in one piece or as a stream, whatever is asked for. */
export const answering = (
  mood: Mood,
  endpoint: Client['endpoint'],
  before: Script = [],
): Scripted => ({
  byRequest: (request) => {
    const isStream = (request.json() as { stream?: boolean }).stream !== false
    return [before, isStream ? streamed(mood, endpoint) : whole(mood, endpoint)]
  },
})

function streamed({ records, options, metrics }: Mood, endpoint: Client['endpoint']): Script {
  const { chunk, done } = WRITERS[endpoint]
  const last = records.length - 1
  const written = records.map((said, i) => (i < last ? chunk(said) : done(said, metrics)))
  return stream(written, options)
}

function whole(mood: Mood, endpoint: Client['endpoint']): Script {
  const document = WRITERS[endpoint].done(meaningOf(mood), mood.metrics)
  const type = { 'Content-Type': 'application/json; charset=utf-8' }
  return [headers(200, type), stream([document], mood.options)]
}

interface Writer {
  readonly chunk: (said: Said) => object
  readonly done: (said: Said, metrics: Metrics) => object
}

const WRITERS: Readonly<Record<Client['endpoint'], Writer>> = {
  '/api/chat': {
    chunk: (said) => chatChunk(MODEL, messageOf(said)),
    done: (said, metrics) => chatDone(MODEL, metrics, messageOf(said)),
  },
  '/api/generate': {
    chunk: ({ text = '', thinking }) => generateChunk(MODEL, text, thinking ? { thinking } : {}),
    done: ({ text = '', thinking }, metrics) =>
      generateDone(MODEL, metrics, text, { ...(thinking && { thinking }), context: [1, 2, 3] }),
  },
}

const messageOf = ({ text = '', thinking, calls = [] }: Said) => ({
  content: text,
  ...(thinking && { thinking }),
  ...(calls.length > 0 && {
    tool_calls: calls.map(({ name, input }, i) => toolCall(i, name, input as object)),
  }),
})
