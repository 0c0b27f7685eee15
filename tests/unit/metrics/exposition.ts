const LABEL = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`
const SAMPLE = new RegExp(`^([a-zA-Z_:][\\w:]*(?:\\{${LABEL}(?:,${LABEL})*\\})?) ([-+]?\\S+)$`)
const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) \S/

/** Every sample of a text in Prometheus' format, as it is written there. Throws when it is not valid. */
export function samplesOf(text: string): Record<string, number> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const samples: Record<string, number> = {}
  for (const line of text.split('\n')) {
    if (line === '' || COMMENT.test(line)) continue
    const [, name = '', value = ''] = SAMPLE.exec(line) ?? []
    const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value)
    if (name === '' || Number.isNaN(number)) throw new Error(`no sample: ${line}`)
    if (name in samples) throw new Error(`twice: ${line}`)
    samples[name] = number
  }
  return samples
}

/** The samples whose name begins so, without those of 0. */
export const countedOf = (text: string, name: string): Record<string, number> =>
  Object.fromEntries(
    Object.entries(samplesOf(text)).filter(([key, value]) => key.startsWith(name) && value !== 0),
  )
