const NEWLINE = 0x0a

/**
 * Gives the model another name in each of some lines of JSON, and leaves every other byte as it is. The
 * first `"model":"…"` of a line is the record's own: Ollama writes it before all else, and quotes within
 * texts are escaped.
 */
export function renamer(from: string, to: string): (lines: Uint8Array) => Uint8Array {
  const old = Buffer.from(`"model":${JSON.stringify(from)}`)
  const replacement = Buffer.from(`"model":${JSON.stringify(to)}`)
  return (lines) => {
    const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
    const parts: Uint8Array[] = []
    let copied = 0
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, start)
      const end = newline < 0 ? bytes.length : newline + 1
      const at = bytes.subarray(start, end).indexOf(old)
      if (at >= 0) {
        parts.push(bytes.subarray(copied, start + at), replacement)
        copied = start + at + old.length
      }
      start = end
    }
    return Buffer.concat([...parts, bytes.subarray(copied)])
  }
}
