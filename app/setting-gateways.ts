import { parse } from 'yaml'
import { z } from 'zod'
import { ALIAS_FORM, isItself, MAX_ALIASES, parseAlias } from './domain/alias-name.ts'
import type { GatewayDecisions } from './domain/gateway-settings.ts'
import { aliasKey, type ModelAlias } from './domain/model-aliases.ts'
import { parseModelName } from './domain/model-name.ts'
import { onOff, optional, unknownKey } from './setting-schemas.ts'

const KEYS = ['enabled', 'default_model', 'model_mappings']
const MODEL = { error: 'must be the name of a model, such as llama3.2:3b' }
const LINES = { error: 'must hold one key for each gateway, such as {openai: {enabled: false}}' }

const canonical = (text: string): string => parseModelName(text)?.canonical ?? ''

const model = z.string(MODEL).refine((text) => canonical(text) !== '', MODEL)
const modelOrNone = z.string(MODEL).refine((text) => text === '' || canonical(text) !== '', MODEL)

const mappings = z
  .record(
    z.string().refine((text) => parseAlias(text) !== null),
    model.transform(canonical),
    {
      error: ({ code }) =>
        code === 'invalid_key'
          ? `must be ${ALIAS_FORM}`
          : 'must hold one line for each alias, such as gpt-4: llama3.3:70b',
    },
  )
  .check(({ value, issues }) => {
    const given = Object.entries(value)
    if (given.length > MAX_ALIASES) {
      const message = `aliases are too many; a gateway has at most ${MAX_ALIASES}`
      issues.push({ code: 'custom', input: given.length, message })
    }
    const texts = new Map<string, string>()
    for (const [text, model] of given) {
      const refuse = (message: string) =>
        issues.push({ code: 'custom', path: [text], input: model, message })
      const alias = aliasKey(text)
      const first = texts.get(alias)
      if (first !== undefined) refuse(`is for the same alias as ${first}`)
      if (isItself({ alias, model })) refuse('is what it would stand for itself')
      texts.set(alias, first ?? text)
    }
  })

const toAliases = (value: Readonly<Record<string, string>>): ModelAlias[] =>
  Object.entries(value).map(([alias, model]) => ({ alias: aliasKey(alias), model }))

const gateway: z.ZodType<GatewayDecisions> = z.preprocess(
  (v) => v ?? {},
  z
    .object(
      {
        enabled: optional(onOff),
        default_model: optional(modelOrNone),
        model_mappings: optional(mappings),
      },
      { error: `must hold "key: value" lines; the keys are ${KEYS.join(', ')}` },
    )
    .catchall(unknownKey(KEYS))
    .transform(({ enabled = null, default_model = null, model_mappings = {} }) => ({
      enabled,
      defaultModel: default_model && canonical(default_model),
      aliases: toAliases(model_mappings),
    })),
)

/** What the configuration says about gateways, by their names; as YAML or JSON in one line, too. */
export const gatewayDecisions: z.ZodType<Readonly<Record<string, GatewayDecisions>>> = z.preprocess(
  (v) => (typeof v === 'string' ? fromText(v) : (v ?? {})),
  z.record(z.string(), gateway, LINES),
)

function fromText(text: string): unknown {
  try {
    return parse(text) ?? {}
  } catch {
    return text
  }
}
