import { ApiError } from './api-error.ts'

/** A model reference with Ollama's defaults filled in. */
export interface ModelName {
  readonly host: string
  readonly namespace: string
  readonly model: string
  readonly tag: string
  /** The reference asks for ollama.com and not for this server. */
  readonly cloud: boolean
}

const part = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/
const hostPart = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/
const registry = 'registry.ollama.ai'

/**
 * Reads `[scheme://][host[:port]/][namespace/]model[:tag]` and the `:local` and `:cloud` suffixes.
 * `undefined` when it is not a valid name; throws {@link ApiError} 400 for both suffixes at once.
 */
export function parseModelName(text: string): ModelName | undefined {
  const { bare, local, cloud } = cutSource(text.trim())
  if (local && cloud) throw new ApiError(400, 'use either :local or :cloud, not both')
  const colon = bare.lastIndexOf(':')
  const tagged = colon > bare.lastIndexOf('/')
  const tag = tagged ? bare.slice(colon + 1) : 'latest'
  const path = (tagged ? bare.slice(0, colon) : bare).replace(/^[a-z+]+:\/\//i, '').split('/')
  if (path.length > 3) return undefined
  const [model = '', namespace = 'library', host = registry] = path.reverse()
  if (!hostPart.test(host) || ![namespace, model, tag].every((text) => part.test(text))) {
    return undefined
  }
  return { host, namespace, model, tag, cloud }
}

/** One string per model: two references are the same model exactly when these are equal. */
export function modelKey(name: ModelName): string {
  return `${name.host}/${name.namespace}/${name.model}:${name.tag}`.toLowerCase()
}

/** The name as `/api/tags` shows it: defaults hidden, the tag always given. */
export function displayName(name: ModelName): string {
  const model = `${name.model}:${name.tag}`
  if (name.host !== registry) return `${name.host}/${name.namespace}/${model}`
  return name.namespace === 'library' ? model : `${name.namespace}/${model}`
}

function cutSource(text: string): { bare: string; local: boolean; cloud: boolean } {
  let bare = text
  let local = false
  let cloud = false
  for (let suffix = sourceOf(bare); suffix; suffix = sourceOf(bare)) {
    bare = bare.slice(0, -suffix.length)
    local ||= suffix === ':local'
    cloud ||= suffix === ':cloud'
  }
  return { bare, local, cloud: cloud || /:[^/]*-cloud$/i.test(bare) }
}

function sourceOf(text: string): string | undefined {
  return [':local', ':cloud'].find((suffix) => text.toLowerCase().endsWith(suffix))
}
