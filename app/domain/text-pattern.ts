/** A pattern in which `*` stands for any text, as a test of whole texts. */
export function textPattern(pattern: string): (text: string) => boolean {
  const [head = '', ...rest] = pattern.split('*')
  const tail = rest.pop()
  if (tail === undefined) return (text) => text === head
  return (text) => hasInOrder(text, head, rest, tail)
}

/** Whether the text is a head, the parts one after the other, and a tail; anything may be between them. */
function hasInOrder(text: string, head: string, parts: readonly string[], tail: string): boolean {
  if (!text.startsWith(head)) return false
  let at = head.length
  // Not as a regular expression, which takes for ever over a pattern with many stars.
  for (const part of parts) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - tail.length >= at && text.endsWith(tail)
}
