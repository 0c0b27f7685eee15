import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { textPattern } from '../../../app/domain/text-pattern.ts'

/** Few letters, so that texts and patterns meet. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 })
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 })

/** The same as a regular expression, which is right and sometimes takes for ever. */
const expression = (of: string): RegExp =>
  new RegExp(`^${of.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 's')

describe('a pattern', () => {
  test('matches what a regular expression with .* for each star matches', () => {
    let matched = 0
    fc.assert(
      fc.property(pattern, text, (of, given) => {
        const matches = expression(of).test(given)
        expect([of, given, textPattern(of)(given)]).toEqual([of, given, matches])
        matched += Number(matches)
      }),
      { numRuns: 5000 },
    )
    expect(matched).toBeGreaterThan(100)
  })

  test('matches every text that is made from it', () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 8, maxLength: 8 }), (of, fillings) => {
        let stars = 0
        const made = of.replace(/\*/g, () => fillings[stars++] ?? '')
        expect(textPattern(of)(made)).toBe(true)
      }),
    )
  })

  test.each([
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*ab*ab', 'ab', false],
    ['ab*bc', 'abc', false],
    ['', '', true],
    ['', 'a', false],
    ['**', '', true],
    ['A*', 'abc', false],
  ])('%p takes no letter twice and no case for another: %p', (of, given, matches) => {
    expect(textPattern(of)(given)).toBe(matches)
  })

  test('with a hundred stars tells as soon as one with a single star', () => {
    const many = textPattern(`${'a*'.repeat(100)}b`)
    // A regular expression would try more ways than there are atoms.
    expect(many('a'.repeat(10_000))).toBe(false)
    expect(many(`${'a'.repeat(10_000)}b`)).toBe(true)
  })
})
