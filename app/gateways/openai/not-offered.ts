import type { Operation } from '../gateway.ts'
import { refusing } from '../refusing.ts'

/** What OpenAI has and nothing is made of here. */
const NOT_OFFERED: Readonly<Record<string, readonly string[]>> = {
  moderations: ['/v1/moderations'],
  edits: ['/v1/edits'],
  images: ['/v1/images/generations', '/v1/images/edits', '/v1/images/variations'],
  audio: ['/v1/audio/speech', '/v1/audio/transcriptions', '/v1/audio/translations'],
}

const KEPT = '/v1/responses/:id{resp_[^/]+}'

/** What OpenAI does with responses that it has kept. */
const OF_KEPT = [
  { name: 'kept-response', method: 'GET', paths: [KEPT] },
  { name: 'kept-response', method: 'DELETE', paths: [KEPT] },
  { name: 'cancel-response', method: 'POST', paths: [`${KEPT}/cancel`] },
  { name: 'input-items', method: 'GET', paths: [`${KEPT}/input_items`] },
] as const

const NOT_KEPT = 'nothing is kept here; a response is told once, to whoever asked for it'

/** What there is none of here, each with words that say so. */
export const notOffered: readonly Operation[] = [
  ...Object.entries(NOT_OFFERED).map(([name, paths]) =>
    refusing({ name, method: 'POST', paths }, 'not_implemented', `${name}: not offered here`),
  ),
  ...OF_KEPT.map((operation) => refusing(operation, 'not_found', NOT_KEPT)),
]
