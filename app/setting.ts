import type { z } from 'zod'

/** One setting. */
export interface Setting<T> {
  readonly schema: z.ZodType<T>
  readonly default: (dataDir: string) => unknown
  readonly description: string
  /** Never printed, and can be given as the path of a file: NAME_FILE. */
  readonly secret?: true
}

/** A setting with its default, which may depend on the data directory. */
export const setting = <T>(
  schema: z.ZodType<T>,
  fallback: unknown,
  description: string,
  options: { secret?: true } = {},
): Setting<T> => ({
  schema,
  default: typeof fallback === 'function' ? (fallback as Setting<T>['default']) : () => fallback,
  description,
  ...options,
})
