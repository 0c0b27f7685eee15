import { z } from 'zod'
import { fieldPath, type Path } from '../domain/field-path.ts'
import { foldKey } from '../domain/strict-json.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** What a schema knows at one place: the fields of objects there, and what is in lists there. */
interface Level {
  /** By the form in which Go compares keys. */
  readonly spellings: ReadonlyMap<string, string>
  readonly fields: ReadonlyMap<string, Level>
  readonly items: Level | null
}

/**
 * Refuses fields that only differ in case from one that is known, at every level: `MODEL` would be
 * dropped here and be read as `model` by Ollama, and nobody knows what was meant.
 */
export function refuseCaseVariants(schema: z.ZodType): (value: unknown) => void {
  const level = levelOf([schema])
  return (value) => {
    if (level) check(value, level, [])
  }
}

function check(value: unknown, level: Level, path: Path): void {
  if (value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    const { items } = level
    if (items) value.forEach((item, i) => void check(item, items, [...path, i]))
    return
  }
  for (const [key, inner] of Object.entries(value)) {
    const meant = level.spellings.get(foldKey(key))
    if (meant !== undefined && meant !== key) throw misspelt(key, meant, path)
    const below = level.fields.get(key)
    if (below) check(inner, below, [...path, key])
  }
}

function misspelt(key: string, meant: string, path: Path): GatewayError {
  const where = path.length > 0 ? `${fieldPath(path)}: ` : ''
  const field = fieldPath([...path, key]).slice(0, 200)
  const text = `${where}unknown field "${key}"; write it as "${meant}"`
  return new GatewayError('bad_request', text, { field })
}

/** Everything that any of the schemas knows there; null when they know nothing. */
function levelOf(schemas: readonly z.ZodType[]): Level | null {
  const parts = schemas.flatMap(alternatives)
  const shapes = parts.flatMap((part) => (part instanceof z.ZodObject ? [part.shape] : []))
  const lists = parts.flatMap((part) => (part instanceof z.ZodArray ? [part.element] : []))
  if (shapes.length + lists.length === 0) return null
  const names = [...new Set(shapes.flatMap((shape) => Object.keys(shape)))]
  const fields = names.flatMap((name): [string, Level][] => {
    const below = levelOf(shapes.flatMap((shape) => (name in shape ? [shape[name]] : [])))
    return below ? [[name, below]] : []
  })
  return {
    spellings: new Map(names.map((name) => [foldKey(name), name])),
    fields: new Map(fields),
    items: lists.length > 0 ? levelOf(lists as z.ZodType[]) : null,
  }
}

/** A schema without what makes it optional, and each of those that it is one of. */
function alternatives(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return alternatives(schema.unwrap() as z.ZodType)
  }
  if (schema instanceof z.ZodUnion) {
    return schema.options.flatMap((option) => alternatives(option as z.ZodType))
  }
  return [schema]
}
