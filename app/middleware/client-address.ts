import { BlockList, isIP } from 'node:net'

/** So many entries of `X-Forwarded-For` are looked at, from the right: the rest can be of any length. */
const MAX_HOPS = 32
/** An IPv4 address or one in brackets, with or without a port. */
const HOP = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/

/**
 * All whose socket is gone. They count, or closing early would be a way not to be counted; they count
 * as one, because there is nobody left whom that could lock out.
 */
const GONE = 'unknown'

/**
 * The address that a request counts against: IPv4 as it is, IPv6 by its /64, which is what one
 * subscriber has. Null for a request that counts against nobody.
 */
export type ClientAddress = (peer: string | null, headers: Headers) => string | null

interface Address {
  /** IPv4, also when it was written as IPv6; or IPv6 without a zone. */
  readonly text: string
  readonly family: 'ipv4' | 'ipv6'
  readonly group: string
}

/**
 * Tells callers apart. That is the peer of the socket, unless it is one of the proxies, which are
 * addresses or CIDR blocks: then the nearest address in `X-Forwarded-For` that is not of a proxy. What
 * anybody else writes there is not looked at; where it can't be read, the proxy stands for its callers.
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  if (trustedProxies.length === 0) return withoutProxies
  const proxies = blockList(trustedProxies)
  return (peer, headers) => {
    const address = parseAddress(peer ?? '')
    if (!address) return GONE
    if (!proxies.check(address.text, address.family)) return address.group
    return (callerBehind(proxies, headers.get('x-forwarded-for')) ?? address).group
  }
}

const LOOPBACK = blockList(['127.0.0.0/8', '::1'])

/**
 * Whoever comes from this machine counts against nobody: when it is a proxy that we were not told of,
 * everybody has its address, and one stranger could lock out all of them.
 */
const withoutProxies: ClientAddress = (peer) => {
  const address = parseAddress(peer ?? '')
  if (!address) return GONE
  return LOOPBACK.check(address.text, address.family) ? null : address.group
}

/** The caller, or null when there is none to be read. If all are proxies, it is the farthest. */
function callerBehind(proxies: BlockList, forwardedFor: string | null): Address | null {
  const hops = (forwardedFor ?? '').split(',').slice(-MAX_HOPS)
  let farthest: Address | null = null
  for (const hop of hops.toReversed()) {
    const text = hop.trim()
    const [, bracketed, ipv4] = HOP.exec(text) ?? []
    const address = parseAddress(bracketed ?? ipv4 ?? text)
    if (!address) return null
    if (!proxies.check(address.text, address.family)) return address
    farthest = address
  }
  return farthest
}

function blockList(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

function parseAddress(written: string): Address | null {
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
