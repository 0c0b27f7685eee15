/** One row for each request that was let in. */
export interface RequestsTable {
  /** Made when the request arrives, so that ids are in the order of `started_at`. */
  id: string
  request_id: string
  user_id: string
  key_id: string
  gateway: string
  operation: string
  model: string | null
  backend: string | null
  prompt_tokens: number
  completion_tokens: number
  estimated: number
  queue_ms: number
  load_ms: number
  /** How long a host was busy with it. */
  compute_ms: number
  first_token_ms: number | null
  total_ms: number
  status: number
  outcome: string
  error_code: string | null
  started_at: number
  ended_at: number
}

/**
 * What went through in an hour: of a user, a key, a gateway and a model, and under the user and the key `*`
 * of everybody. The measures are sums; those that end in a number count what lies in a class of a histogram.
 */
export type UsageHourlyTable = {
  user_id: string
  hour: number
  gateway: string
  /** '' for requests that named no model. */
  model: string
  key_id: string
} & Record<UsageSum | UsageClass, number>

export type UsageSum =
  | ('requests' | 'completed' | 'cancelled' | 'failed' | 'expired' | 'estimated')
  | ('prompt_tokens' | 'completion_tokens' | 'queue_ms' | 'load_ms' | 'compute_ms')
  | ('cold_loads' | 'cold_load_ms')

export type UsageClass = `${'duration' | 'first_token' | 'context'}_${number}`
