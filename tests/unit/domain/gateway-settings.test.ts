import { describe, expect, test } from 'bun:test'
import { isItself, parseAlias } from '../../../app/domain/alias-name.ts'
import {
  combined,
  type GatewayDecisions,
  toGatewaySettings,
  UNDECIDED,
} from '../../../app/domain/gateway-settings.ts'

const decided = (change: Partial<GatewayDecisions>): GatewayDecisions => ({
  ...UNDECIDED,
  ...change,
})

describe('of two decisions', () => {
  test('the later one holds, thing by thing, and where it says nothing the earlier one', () => {
    const earlier = decided({ enabled: false, defaultModel: 'llama3:latest' })
    expect(combined(earlier, UNDECIDED)).toEqual(earlier)
    expect(combined(earlier, decided({ enabled: true }))).toMatchObject({
      enabled: true,
      defaultModel: 'llama3:latest',
    })
    expect(combined(earlier, decided({ defaultModel: '' }))).toMatchObject({
      enabled: false,
      defaultModel: '',
    })
  })

  test('about aliases the later one holds alias by alias', () => {
    const earlier = decided({
      aliases: [
        { alias: 'a', model: 'x:1' },
        { alias: 'b', model: 'x:2' },
      ],
    })
    const later = decided({
      aliases: [
        { alias: 'b', model: 'y:2' },
        { alias: 'c', model: 'y:3' },
      ],
    })
    expect(
      combined(earlier, later).aliases.toSorted((a, b) => (a.alias < b.alias ? -1 : 1)),
    ).toEqual([
      { alias: 'a', model: 'x:1' },
      { alias: 'b', model: 'y:2' },
      { alias: 'c', model: 'y:3' },
    ])
  })
})

test('a gateway is on and has no default model until somebody says otherwise', () => {
  const untouched = toGatewaySettings(UNDECIDED)
  expect([untouched.enabled, untouched.aliases.candidates('')]).toEqual([true, []])
  const off = toGatewaySettings(decided({ enabled: false, defaultModel: 'qwen3:8b' }))
  expect([off.enabled, off.aliases.candidates('')]).toEqual([false, ['qwen3:8b']])
  expect(toGatewaySettings(decided({ defaultModel: '' })).aliases.candidates('')).toEqual([])
})

describe('an alias', () => {
  test.each([
    ['gpt-4', 'gpt-4'],
    [' GPT-4o ', 'gpt-4o'],
    ['*', '*'],
    ['org/model:tag@v1+x_y.z', 'org/model:tag@v1+x_y.z'],
    ['a'.repeat(200), 'a'.repeat(200)],
    ['a'.repeat(201), null],
    ['', null],
    ['gpt 4', null],
    ['gpt=4', null],
    ['größe', null],
    ['a\u0000', null],
  ])('%p is kept as %p', (text, kept) => {
    expect(parseAlias(text)).toBe(kept)
  })

  test('is itself when it is another spelling of its model, and only then', () => {
    expect(isItself({ alias: 'llama3', model: 'llama3:latest' })).toBe(true)
    expect(isItself({ alias: 'library/llama3:latest', model: 'llama3:latest' })).toBe(true)
    expect(isItself({ alias: 'llama3:8b', model: 'llama3:latest' })).toBe(false)
    expect(isItself({ alias: 'llama3*', model: 'llama3:latest' })).toBe(false)
  })
})
