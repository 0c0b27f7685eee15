import type { FinalRecord } from './native.ts'

/** What a model would have said in place of a token, and how likely it was. */
export interface Logprob {
  readonly token: string
  readonly logprob: number
  readonly bytes?: readonly number[]
}

/** The same for a token that it has said, with the likeliest beside it. */
export interface TokenLogprob extends Logprob {
  readonly top_logprobs?: readonly Logprob[]
}

export interface AnswerToolCall {
  readonly id?: string
  readonly function: {
    readonly name: string
    readonly arguments?: Readonly<Record<string, unknown>>
  }
}

/** A record of `/api/chat`, or the only one. */
export interface ChatRecord extends FinalRecord {
  readonly message?: {
    readonly content?: string
    readonly thinking?: string
    readonly tool_calls?: readonly AnswerToolCall[] | null
  }
  readonly logprobs?: readonly TokenLogprob[]
}

/** A record of `/api/generate`, or the only one. */
export interface GenerateRecord extends FinalRecord {
  readonly response?: string
  readonly thinking?: string
  readonly logprobs?: readonly TokenLogprob[]
}

/** The answer of `/api/embed`. */
export interface EmbedAnswer {
  readonly embeddings: readonly (readonly number[])[]
  readonly prompt_eval_count?: number
}
