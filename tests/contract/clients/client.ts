import type { ErrorCode } from '../../../app/errors/codes.ts'

/** Where a client is pointed, and how. */
export interface Address {
  /** Of the gateway, without a path. */
  readonly url: string
  readonly key: string
  /** How often it may try again by itself. */
  readonly retries: number
}

export interface Tool {
  readonly name: string
  readonly description: string
  /** A JSON schema. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** A call that the model has made. */
export interface Call {
  readonly name: string
  readonly input: unknown
}

/** What is asked, in no client's words. */
export interface Question {
  readonly model: string
  readonly text: string
  /** A PNG in base64. */
  readonly image?: string
  readonly tools?: readonly Tool[]
  /** A call that the model has made of one of them, and what the tool said. */
  readonly called?: { readonly call: Call; readonly result: string }
  /** The JSON schema that the answer must have. */
  readonly shape?: Readonly<Record<string, unknown>>
  /** Whether the model is to think. */
  readonly thinks?: boolean
}

/** What a client understood of an answer, or of a piece of one. */
export interface Told {
  readonly text: string
  readonly thinking: string
  readonly calls: readonly Call[]
  readonly promptTokens: number
  readonly completionTokens: number
}

/** A client that is pointed somewhere. */
export interface Session {
  ask(question: Question): Promise<Told>
  /** The pieces of a streamed answer; the signal ends it as the client's users end one. */
  stream(question: Question, signal?: AbortSignal): AsyncIterable<Partial<Told>>
  embed?(model: string, texts: readonly string[]): Promise<readonly (readonly number[])[]>
  models?(): Promise<readonly string[]>
}

/** What not every client can do or bear. */
export type Ability =
  | 'thinking'
  | 'tools'
  | 'images'
  | 'shapes'
  | 'text in the final record'
  | 'failures in mid-stream'
  | 'leaving while nothing comes'
  | 'trying again'

/** What goes wrong, as we tell it. */
export interface Failure {
  /** Null in the middle of a stream. */
  readonly status: number | null
  readonly code: ErrorCode
  readonly field: string | null
  /** A part of what is said about it. */
  readonly text: string
}

/** What a client throws. */
export interface Thrown {
  readonly type: abstract new (...args: never[]) => Error
  /** What of it is the same in all. */
  readonly like: object
}

/** A client program as its users have it, in one form for all. */
export interface Client {
  /** As the subject of a sentence. */
  readonly name: string
  /** What it is asked for ends up there at Ollama. */
  readonly endpoint: '/api/chat' | '/api/generate'
  /** What it can't do, and why. */
  readonly cannot: Partial<Record<Ability, string>>
  /** How many tokens it is told that the prompt of `hi` has where Ollama has not counted them. */
  readonly estimate?: number
  /** With what it tells its users of a failure. */
  thrownFor(failure: Failure): Thrown
  open(address: Address): Session
}
