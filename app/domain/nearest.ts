import { distance } from 'fastest-levenshtein'

/**
 * The candidate somebody probably meant by `typed`, or undefined when none is close. Forgives about
 * one mistake in three letters, neighbouring letters swapped, and a name that is cut short
 * (`tokn` for `token-hourly`) or lacks its first words (`hourly` for `token-hourly`).
 */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  const text = typed.toLowerCase()
  const allowed = text.length < 2 ? 0 : Math.max(1, Math.floor(text.length / 3))
  let best: { readonly candidate: string; readonly score: number } | undefined
  for (const candidate of candidates) {
    const score = mistakes(text, candidate.toLowerCase(), allowed)
    if (score < (best?.score ?? Number.POSITIVE_INFINITY)) best = { candidate, score }
  }
  return best?.candidate
}

function mistakes(text: string, candidate: string, allowed: number): number {
  const whole = editDistance(text, candidate)
  const part = Math.min(...partsOf(candidate, text.length).map((each) => editDistance(text, each)))
  return Math.min(
    whole <= allowed ? whole : Number.POSITIVE_INFINITY,
    // A whole name wins over an equally close part of another one.
    part <= allowed ? part + 0.5 : Number.POSITIVE_INFINITY,
  )
}

function partsOf(candidate: string, length: number): string[] {
  if (length < 3) return []
  const words = candidate.split('-')
  const endings = words.slice(1).map((_, index) => words.slice(index + 1).join('-'))
  return [candidate.slice(0, length), candidate.slice(0, length + 1), ...endings]
}

function editDistance(text: string, candidate: string): number {
  let least = distance(text, candidate)
  for (let i = 0; i + 1 < text.length && i < candidate.length; i++) {
    const swapped = `${text.slice(0, i)}${text[i + 1]}${text[i]}${text.slice(i + 2)}`
    if (swapped !== text) least = Math.min(least, distance(swapped, candidate) + 1)
  }
  return least
}
