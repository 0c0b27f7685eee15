import { MAX_MODEL_NAME } from './model-name.ts'
import { textPattern } from './text-pattern.ts'

/** A name under which callers know a model: one name, or many with `*`. */
export interface ModelAlias {
  /** In lower case. */
  readonly alias: string
  /** The model that it stands for, as its canonical name. */
  readonly model: string
}

/** What the names that callers use stand for. */
export interface ModelAliases {
  /**
   * The models that a name may stand for, the best first: what it is written out as an alias for, the
   * model of that name itself, and what a pattern has it stand for. The first of them that is there and
   * allowed is meant, so that what somebody may not use is as good as not there. No name at all stands
   * for the default model; nothing does when there is none, and none for what is too long for a name.
   */
  candidates(asked: string): readonly string[]
  /** Those that are one name each, in the order of the alphabet. */
  readonly named: readonly ModelAlias[]
  /** Those that stand for many names, in the order in which they are tried. */
  readonly patterns: readonly ModelAlias[]
}

/** Case and surrounding space do not matter in the name of a model, and so neither here. */
export const aliasKey = (name: string): string => name.trim().toLowerCase()

/** Puts aliases to use. Of several patterns that fit, the one with the most letters is meant. */
export function createModelAliases(
  aliases: readonly ModelAlias[],
  defaultModel: string | null,
): ModelAliases {
  const named = aliases.filter(({ alias }) => !alias.includes('*')).sort(byName)
  const exact = new Map(named.map(({ alias, model }) => [alias, model]))
  const patterns = aliases
    .filter(({ alias }) => alias.includes('*'))
    .sort((a, b) => letters(b) - letters(a) || byName(a, b))
  const matchers = patterns.map(({ alias, model }) => ({ matches: textPattern(alias), model }))
  return {
    named,
    patterns,
    candidates(asked) {
      if (asked.length > MAX_MODEL_NAME) return []
      const key = aliasKey(asked)
      if (key === '') return [defaultModel ?? []].flat()
      const pattern = matchers.find(({ matches }) => matches(key))
      return [...new Set([exact.get(key) ?? [], asked, pattern?.model ?? []].flat())]
    },
  }
}

const byName = (a: ModelAlias, b: ModelAlias): number => (a.alias < b.alias ? -1 : 1)

const letters = ({ alias }: ModelAlias): number => alias.replaceAll('*', '').length
