import { BlockList, isIP } from 'node:net'

/** An IP address. */
export interface Address {
  /** IPv4, also when it was written as IPv6; or IPv6 without a zone. */
  readonly text: string
  readonly family: 'ipv4' | 'ipv6'
  /** What one subscriber has: the address itself, or the /64 of an IPv6 address. */
  readonly group: string
}

/** Addresses and CIDR blocks, to ask whether an address is among them. */
export function blockList(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

/** The address, or null when the text is none; a zone is left out. */
export function parseAddress(written: string): Address | null {
  const text = written.replace(/%.*$/s, '')
  const version = isIP(text)
  if (version === 4) return { text, family: 'ipv4', group: text }
  if (version !== 6) return null
  const words = wordsOf(text)
  const ipv4 = mappedIpv4(words)
  if (ipv4) return { text: ipv4, family: 'ipv4', group: ipv4 }
  const network = words.slice(0, 4).map((word) => word.toString(16))
  return { text, family: 'ipv6', group: `${network.join(':')}::/64` }
}

/**
 * What one subscriber has of an address, in the form in which it is remembered: itself, or its /64.
 * Null for no address. Nearly all are IPv4, which need no second look.
 */
export function subscriberOf(address: string | null): string | null {
  if (!address?.includes(':') || address.endsWith('/64')) return address
  return parseAddress(address)?.group ?? null
}

/** The eight numbers of an IPv6 address. */
function wordsOf(text: string): number[] {
  const [head = '', tail = ''] = text
    .replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => asTwoWords(bytes))
    .split('::')
    .map((half) => half.split(':').filter(Boolean))
  const zeros = Array<string>(8 - head.length - tail.length).fill('0')
  return [...head, ...zeros, ...tail].map((word) => Number.parseInt(word, 16))
}

function asTwoWords(bytes: readonly string[]): string {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

/** `::ffff:192.0.2.7` in whatever spelling: how a socket for both protocols names IPv4 peers. */
function mappedIpv4(words: readonly number[]): string | null {
  const [high = 0, low = 0] = words.slice(6)
  const isMapped = words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0)
  return isMapped ? [high >> 8, high & 255, low >> 8, low & 255].join('.') : null
}

const lists = new WeakMap<readonly string[], BlockList>()

/** Whether an address is one of these addresses, or in one of these blocks; null is in none. */
export function isAmong(entries: readonly string[], address: string | null): boolean {
  const parsed = parseAddress(address ?? '')
  if (!parsed) return false
  const list = lists.get(entries) ?? blockList(entries)
  lists.set(entries, list)
  return list.check(parsed.text, parsed.family)
}

/** Bits before the IPv4 address in an IPv6 address that stands for one. */
const MAPPED_BITS = 96

/**
 * An address or a CIDR block in one spelling, or null when the text is none. IPv4 that was written as
 * IPv6 becomes IPv4, as it does in the addresses of callers.
 */
export function canonicalBlock(text: string): string | null {
  const [, written = '', bits] = /^([\da-f:.]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? []
  const address = parseAddress(written)
  if (!address) return null
  const isMapped = address.family === 'ipv4' && isIP(written) === 6
  const canonical = address.text.toLowerCase()
  if (bits === undefined) return canonical
  const prefix = Number(bits) - (isMapped ? MAPPED_BITS : 0)
  if (prefix < 0 || prefix > (address.family === 'ipv4' ? 32 : 128)) return null
  return `${canonical}/${prefix}`
}
