import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createModelAliases, type ModelAlias } from '../../../app/domain/model-aliases.ts'
import { textPattern } from '../../../app/domain/text-pattern.ts'

const name = fc.string({ unit: fc.constantFrom('g', 'p', '-', '4'), minLength: 1, maxLength: 5 })
const glob = fc.string({
  unit: fc.constantFrom('g', 'p', '-', '4', '*'),
  minLength: 1,
  maxLength: 5,
})
const model = fc.constantFrom('llama3:latest', 'llama3.3:70b', 'qwen3:8b')
const aliases: fc.Arbitrary<ModelAlias[]> = fc.uniqueArray(fc.record({ alias: glob, model }), {
  maxLength: 8,
  selector: ({ alias }) => alias,
})
const asked = fc.oneof(name, fc.constantFrom('', ' ', 'GP-4', ' gp '))
const none = fc.constant<string | null>(null)

const letters = (alias: string): number => alias.replaceAll('*', '').length

describe('the models that a name may stand for', () => {
  test('are the name itself and what somebody has decided, and never another', () => {
    const seen = { itself: 0, decided: 0 }
    fc.assert(
      fc.property(aliases, fc.oneof(model, none), asked, (given, standard, text) => {
        const found = createModelAliases(given, standard).candidates(text)
        const decided = [...given.map((alias) => alias.model), standard]
        expect(new Set(found).size).toBe(found.length)
        for (const candidate of found) {
          if (candidate === text) seen.itself++
          else seen.decided++
          expect(candidate === text || decided.includes(candidate)).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
    expect(Math.min(seen.itself, seen.decided)).toBeGreaterThan(100)
  })

  test('begin with that of an alias that is written out, whatever else would fit', () => {
    fc.assert(
      fc.property(aliases, name, model, (given, alias, target) => {
        const others = given.filter((other) => other.alias !== alias)
        const of = createModelAliases([...others, { alias, model: target }], null)
        for (const text of [alias, ` ${alias.toUpperCase()} `]) {
          expect(of.candidates(text)[0]).toBe(target)
          expect(of.candidates(text)).toContain(text)
        }
      }),
    )
  })

  test('come from a pattern after the name itself, and from the one with the most letters', () => {
    let ranked = 0
    fc.assert(
      fc.property(aliases, name, (given, text) => {
        const patterns = given.filter(({ alias }) => alias.includes('*'))
        const fitting = patterns.filter(({ alias }) => textPattern(alias)(text))
        const found = createModelAliases(patterns, null).candidates(text)
        expect(found[0]).toBe(text)
        const most = Math.max(...fitting.map(({ alias }) => letters(alias)))
        const best = fitting.filter(({ alias }) => letters(alias) === most)
        expect(found.slice(1).length).toBe(Math.min(best.length, 1))
        for (const second of found.slice(1)) {
          expect(best.map((alias) => alias.model)).toContain(second)
        }
        ranked += Number(fitting.length > best.length)
      }),
      { numRuns: 2000 },
    )
    expect(ranked).toBeGreaterThan(20)
  })

  test('do not depend on the order in which aliases were given', () => {
    fc.assert(
      fc.property(aliases, asked, (given, text) => {
        const of = createModelAliases(given, null)
        const reversed = createModelAliases(given.toReversed(), null)
        expect(reversed.candidates(text)).toEqual(of.candidates(text))
        expect(reversed.named).toEqual(of.named)
      }),
    )
  })

  test('are the default for no name, and none without a default', () => {
    const given = [{ alias: '*', model: 'qwen3:8b' }]
    for (const text of ['', '  ', '\n']) {
      expect(createModelAliases(given, 'llama3:latest').candidates(text)).toEqual(['llama3:latest'])
      expect(createModelAliases(given, null).candidates(text)).toEqual([])
    }
  })
})

test('what is too long for a name stands for nothing, whatever it would fit', () => {
  const given = [
    { alias: 'gpt-*', model: 'llama3:latest' },
    { alias: 'gp', model: 'llama3:latest' },
  ]
  const of = createModelAliases(given, 'llama3:latest')
  for (const text of [`gpt-${'x'.repeat(597)}`, `${' '.repeat(600)}gp`, ' '.repeat(601)]) {
    expect(of.candidates(text)).toEqual([])
  }
})

test('only aliases of one name each are listed, in the order of the alphabet', () => {
  const of = createModelAliases(
    [
      { alias: 'gpt-5', model: 'a:1' },
      { alias: 'gpt-*', model: 'b:1' },
      { alias: 'gpt-4', model: 'c:1' },
    ],
    null,
  )
  expect(of.named.map(({ alias }) => alias)).toEqual(['gpt-4', 'gpt-5'])
})
