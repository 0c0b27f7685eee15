import { ApiError } from './api-error.ts'
import type { GoBody } from './go-body.ts'
import { goDurationMs } from './go-text.ts'
import type { LoadWishes } from './runner.ts'

/** The part of an inference request that concerns loading. Throws {@link ApiError} on bad values. */
export function loadWishes(body: GoBody): LoadWishes {
  const options = body.map('options')
  for (const [name, value] of Object.entries(options)) checkOption(name, value)
  return { options, shift: body.flag('shift'), keepAliveMs: keepAliveMs(body.any('keep_alive')) }
}

function keepAliveMs(value: unknown): number {
  if (value === undefined) return 300_000
  if (typeof value === 'number') return value * 1000
  if (typeof value !== 'string') {
    throw new ApiError(400, `Unsupported type: '${typeof value === 'boolean' ? 'bool' : 'map'}'`)
  }
  const duration = goDurationMs(value)
  if (duration === undefined) throw new ApiError(400, `time: invalid duration "${value}"`)
  return duration
}

const integers =
  'num_ctx num_batch num_gpu main_gpu num_thread draft_num_predict num_keep seed num_predict top_k repeat_last_n'
const floats = 'top_p min_p typical_p temperature repeat_penalty presence_penalty frequency_penalty'
const optionTypes = new Map([
  ...integers.split(' ').map((name) => [name, 'integer'] as const),
  ...floats.split(' ').map((name) => [name, 'float32'] as const),
  ['use_mmap', 'boolean'] as const,
  ['stop', 'string array'] as const,
])

function checkOption(name: string, value: unknown): void {
  const type = optionTypes.get(name)
  if (type === undefined || value === null) return
  const fits =
    type === 'boolean'
      ? typeof value === 'boolean'
      : type === 'string array'
        ? Array.isArray(value) && value.every((item) => typeof item === 'string')
        : typeof value === 'number'
  if (!fits) throw new ApiError(500, `option "${name}" must be of type ${type}`)
}
