import { ApiError } from './api-error.ts'
import { decodeGoJson, GoJsonError, GoObject, type GoValue } from './go-json.ts'

/** A request body decoded into a Go struct: keys fold, the last duplicate wins, types are checked. */
export class GoBody {
  readonly #object: GoObject
  readonly #struct: string

  constructor(object: GoObject, struct: string) {
    this.#object = object
    this.#struct = struct
  }

  /** A string field; `''` when absent. */
  text(name: string): string {
    const value = this.#object.field(name) ?? ''
    return typeof value === 'string' ? value : this.#mismatch(name, value, 'string')
  }

  /** A number field; 0 when absent. */
  number(name: string): number {
    const value = this.#object.field(name) ?? 0
    return typeof value === 'number' ? value : this.#mismatch(name, value, 'int')
  }

  /** A `*bool` field; `undefined` when absent or `null`. */
  flag(name: string): boolean | undefined {
    const value = this.#object.pointer(name)
    if (value === undefined || typeof value === 'boolean') return value
    return this.#mismatch(name, value, 'bool')
  }

  /** A slice field; empty when absent. */
  list(name: string): readonly GoValue[] {
    const value = this.#object.pointer(name) ?? []
    return isList(value) ? value : this.#mismatch(name, value, '[]api.Value')
  }

  /** A `map[string]any` field: keys keep their case, and duplicated maps merge. */
  map(name: string): Readonly<Record<string, unknown>> {
    const maps = this.#object.all(name).filter((value) => value !== null)
    const wrong = maps.find((value) => !(value instanceof GoObject))
    if (wrong !== undefined) return this.#mismatch(name, wrong, 'map[string]interface {}')
    return Object.assign({}, ...maps.map(plain))
  }

  /** An `any` field as plain JSON; `undefined` when absent or `null`. */
  any(name: string): unknown {
    const value = this.#object.pointer(name)
    return value === undefined ? undefined : plain(value)
  }

  /** The elements of a slice of structs. */
  structs(name: string, struct: string): GoBody[] {
    return this.list(name).map((item) => {
      if (item instanceof GoObject) return new GoBody(item, struct)
      return this.#mismatch(name, item, `api.${struct}`)
    })
  }

  #mismatch(name: string, value: GoValue, wanted: string): never {
    const field = `${this.#struct}.${name}`
    throw new ApiError(
      400,
      `json: cannot unmarshal ${kind(value)} into Go struct field ${field} of type ${wanted}`,
    )
  }
}

/** Decodes the body as Ollama's handlers do. Throws {@link ApiError} 400 with their texts. */
export function readGoBody(text: string, struct: string): GoBody {
  const value = decode(text)
  if (value === null) return new GoBody(new GoObject([]), struct)
  if (value instanceof GoObject) return new GoBody(value, struct)
  throw new ApiError(
    400,
    `json: cannot unmarshal ${kind(value)} into Go value of type api.${struct}`,
  )
}

/** The value as plain JSON, the last of equal keys winning. */
export function plain(value: GoValue): unknown {
  if (value instanceof GoObject) {
    return Object.fromEntries(value.members.map(([key, member]) => [key, plain(member)]))
  }
  return isList(value) ? value.map(plain) : value
}

function decode(text: string): GoValue {
  try {
    return decodeGoJson(text)
  } catch (error) {
    if (!(error instanceof GoJsonError)) throw error
    throw new ApiError(400, error.message === 'EOF' ? 'missing request body' : error.message)
  }
}

function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value)
}

function kind(value: GoValue): string {
  if (value instanceof GoObject) return 'object'
  if (isList(value)) return 'array'
  if (value === null) return 'null'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
