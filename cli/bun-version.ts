/**
 * One line saying which Bun is needed, or null when `version` (undefined outside Bun) is `minimum`
 * or later. A canary of the minimum counts as that version.
 */
export function requireBun(version: string | undefined, minimum: string): string | null {
  if (version !== undefined && compare(version, minimum) >= 0) return null
  const found = version === undefined ? 'this is not Bun' : `this is Bun ${version}`
  return `parallama needs Bun ${minimum} or later, and ${found}: run "bun upgrade", or use "npx -y bun@${minimum}" in place of "bun"`
}

function compare(left: string, right: string): number {
  const [a, b] = [numbersOf(left), numbersOf(right)]
  const place = a.findIndex((part, index) => part !== b[index])
  return place === -1 ? 0 : (a[place] ?? 0) - (b[place] ?? 0)
}

function numbersOf(version: string): readonly number[] {
  const [major = 0, minor = 0, patch = 0] = (version.match(/\d+/g) ?? []).map(Number)
  return [major, minor, patch]
}
