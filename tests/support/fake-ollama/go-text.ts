const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** The value as Go's encoder writes it: `<`, `>` and `&` are escaped inside strings. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (found) => escapes[found] ?? found)
}

/** A time as Go writes it: RFC 3339 with nanoseconds. */
export function goTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '123456Z')
}

/** Milliseconds in a Go duration such as `5m` or `1h30m`; `undefined` when it isn't one. */
export function goDurationMs(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^[+-]?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit = 's'] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (unitMs[unit] ?? 0)
  }
  return text.startsWith('-') ? -total : total
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
