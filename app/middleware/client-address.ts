import type { BlockList } from 'node:net'
import { type Address, blockList, parseAddress } from '../domain/address.ts'

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

/** The caller's address as it is, or null when the socket is gone; the rules are the same. */
export type CallerAddress = ClientAddress

/** Tells from where a request comes, for records and for keys that work only at certain addresses. */
export function createCallerAddress(trustedProxies: readonly string[]): CallerAddress {
  const proxies = blockList(trustedProxies)
  return (peer, headers) => {
    const address = parseAddress(peer ?? '')
    if (!address) return null
    if (trustedProxies.length === 0 || !proxies.check(address.text, address.family)) {
      return address.text
    }
    return (callerBehind(proxies, headers.get('x-forwarded-for')) ?? address).text
  }
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
