import { UsageError } from './errors.ts'

/** Reads a whole number from `min` to `max` (both included) for an argument's `parse`. */
export function integer({
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
}: {
  readonly min?: number
  readonly max?: number
} = {}): (text: string) => number {
  return (text) => {
    const value = Number(text)
    const isInteger = /^-?\d+$/u.test(text) && Number.isSafeInteger(value)
    if (isInteger && value >= min && value <= max) return value
    throw new UsageError(`must be a whole number${rangeOf(min, max)}`)
  }
}

function rangeOf(min: number, max: number): string {
  const [hasMin, hasMax] = [min > Number.MIN_SAFE_INTEGER, max < Number.MAX_SAFE_INTEGER]
  if (hasMin && hasMax) return ` from ${min} to ${max}`
  if (hasMin) return `, ${min} or more`
  return hasMax ? `, ${max} or less` : ''
}
