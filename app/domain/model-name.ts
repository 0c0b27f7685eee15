import { textPattern } from './text-pattern.ts'

const DEFAULT_HOST = 'registry.ollama.ai'
const DEFAULT_NAMESPACE = 'library'
const DEFAULT_TAG = 'latest'

/** Longer than any name Ollama takes: host, namespace, model and tag with their suffixes. */
export const MAX_MODEL_NAME = 600

const PART = /^[a-z0-9_][a-z0-9_.-]{0,79}$/
const HOST = /^[a-z0-9_][a-z0-9_.:-]{0,349}$/

export interface ModelName {
  /** One spelling for all of a model's names: lower case, defaults left out, tag always there. */
  readonly canonical: string
  /** True when Ollama would send the request to ollama.com instead of running the model. */
  readonly cloud: boolean
}

/**
 * Reads a model name the way Ollama does: surrounding space and case do not matter, host,
 * namespace and tag have defaults, `:local` is stripped, `:cloud` and `…-cloud` leave the machine.
 * `llama3`, ` LLama3:latest` and `registry.ollama.ai/library/llama3:latest:local` are one model.
 * Returns null for a name that Ollama would refuse.
 */
export function parseModelName(text: string): ModelName | null {
  if (text.length > MAX_MODEL_NAME) return null
  // Letters that only fold to ASCII, such as the Kelvin sign, are none of Ollama's.
  if (/[^\x20-\x7e\s]/.test(text)) return null
  const { bare, source } = splitSource(withoutScheme(text.trim().toLowerCase()))
  if (source === 'conflict') return null

  const slash = bare.lastIndexOf('/')
  const colon = bare.indexOf(':', slash + 1)
  const model = bare.slice(slash + 1, colon < 0 ? undefined : colon)
  const tag = colon < 0 ? DEFAULT_TAG : bare.slice(colon + 1)
  if (!PART.test(model) || !PART.test(tag)) return null

  const owner = slash < 0 ? '' : ownerPath(bare.slice(0, slash))
  if (owner === null) return null
  return {
    canonical: `${owner}${model}:${tag}`,
    cloud: source === 'cloud' || tag.endsWith('-cloud'),
  }
}

/** A pattern as an administrator writes it (`llama3`, `qwen*`, `*:7b`), as a test of canonical names. */
export function modelPattern(pattern: string): (canonical: string) => boolean {
  const lower = pattern.trim().toLowerCase()
  if (!lower.includes('*')) {
    const wanted = parseModelName(lower)?.canonical
    return (canonical) => canonical === wanted
  }
  return textPattern(withoutDefaults(lower))
}

/** Canonical names leave the default host and namespace out, and so must their patterns. */
const withoutDefaults = (pattern: string): string =>
  pattern.replace(/^registry\.ollama\.ai\//, '').replace(/^library\//, '')

const withoutScheme = (name: string): string => name.replace(/^[a-z][a-z0-9+.-]*:\/\//, '')

function splitSource(name: string): {
  bare: string
  source: 'cloud' | 'conflict' | 'local' | 'any'
} {
  let bare = name
  let local = false
  let cloud = false
  for (;;) {
    const suffix = /:(local|cloud)$/.exec(bare)?.[1]
    if (!suffix) break
    if (suffix === 'local') local = true
    else cloud = true
    bare = bare.slice(0, -suffix.length - 1)
  }
  if (local && cloud) return { bare, source: 'conflict' }
  if (cloud)
    return {
      bare: bare.includes(':', bare.lastIndexOf('/')) ? `${bare}-cloud` : `${bare}:cloud`,
      source: 'cloud',
    }
  return { bare, source: local ? 'local' : 'any' }
}

/** `''`, `namespace/` or `host/namespace/` with the defaults left out; null when a part is invalid. */
function ownerPath(path: string): string | null {
  const parts = path.split('/')
  const namespace = parts.pop() ?? ''
  const host = parts.join('/') || DEFAULT_HOST
  if (!PART.test(namespace) || !HOST.test(host)) return null
  if (host !== DEFAULT_HOST) return `${host}/${namespace}/`
  return namespace === DEFAULT_NAMESPACE ? '' : `${namespace}/`
}
