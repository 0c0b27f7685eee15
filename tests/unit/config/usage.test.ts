import { describe, expect, test } from 'bun:test'
import { ConfigError, loadConfig } from '../../../app/config.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const { path: folder, file } = temporaryFolder()

const EMPTY = file('')
const inFile = (text: string) => loadConfig({}, file(text), { HOME: folder }).usage
const inVariable = (text: string) =>
  loadConfig({}, EMPTY, { HOME: folder, PARALLAMA_USAGE: text }).usage

/** The mistakes without where they were read. */
function mistakes(act: () => unknown): string[] {
  try {
    act()
    return []
  } catch (err) {
    if (err instanceof ConfigError)
      return err.mistakes.map((told) => told.replace(/ \(from .*/, ''))
    throw err
  }
}

const DEFAULTS = {
  retentionDays: 90,
  rollupRetentionDays: 1095,
  watts: null,
  pricePerKwh: null,
  currency: '',
  prices: new Map(),
}

describe('what the configuration says about usage', () => {
  test('is that rows are kept for 90 days, sums for three years, and that nothing costs anything', () => {
    expect(inFile('')).toEqual(DEFAULTS)
    expect(inFile('usage:\n')).toEqual(DEFAULTS)
    expect(inVariable('{}')).toEqual(DEFAULTS)
  })

  test('is read from the file, with models by their canonical names', () => {
    const text = `
usage:
  retention_days: 30
  rollup_retention_days:
  watts: 350
  price_per_kwh: 0.31
  currency: €
  prices:
    "*": { gpu_hour: 0.4 }
    LLama3.3:70b: { input_million_tokens: 0.5, output_million_tokens: 1.5 }
    qwen3:
      gpu_hour: 2
`
    expect(inFile(text)).toEqual({
      ...DEFAULTS,
      retentionDays: 30,
      watts: 350,
      pricePerKwh: 0.31,
      currency: '€',
      prices: new Map([
        ['*', { gpuHour: 0.4, inputMillionTokens: 0, outputMillionTokens: 0 }],
        ['llama3.3:70b', { gpuHour: 0, inputMillionTokens: 0.5, outputMillionTokens: 1.5 }],
        ['qwen3:latest', { gpuHour: 2, inputMillionTokens: 0, outputMillionTokens: 0 }],
      ]),
    })
  })

  test('can be in the environment as YAML or JSON in one line', () => {
    expect(inVariable('{watts: 300, retention_days: 7}')).toMatchObject({
      watts: 300,
      retentionDays: 7,
    })
    expect(inVariable('{"currency":"EUR"}').currency).toBe('EUR')
  })

  test('is wrong in each wrong place, and all of them are told with their paths', () => {
    const text = `
usage:
  retention_days: 0
  watt: 300
  price_per_kwh: cheap
  currency: "<b>"
  prices:
    "*": { gpu_hours: 1, gpu_hour: -1 }
    qwen3:8b: 3
    "two words": { gpu_hour: 1 }
`
    expect(mistakes(() => inFile(text)).toSorted()).toEqual([
      'usage.currency: "<b>" must be a word or a sign of at most 8 letters, such as EUR',
      'usage.price_per_kwh: "cheap" must be a number from 0 to 1000000000',
      'usage.prices.*.gpu_hour: -1 must be a number from 0 to 1000000000',
      'usage.prices.*.gpu_hours: 1 stands under an unknown key; the nearest known key is gpu_hour',
      'usage.prices.qwen3:8b: 3 must hold "key: value" lines; the keys are gpu_hour, input_million_tokens, output_million_tokens',
      'usage.prices.two words: "two words" stands under what is no model; it must be a name such as llama3.2:3b, or * for all others',
      'usage.retention_days: 0 must be a whole number from 1 to 36500',
      'usage.watt: 300 stands under an unknown key; the nearest known key is watts',
    ])
  })

  test('is wrong when sums are gone before the rows that they prove', () => {
    expect(mistakes(() => inVariable('{retention_days: 30, rollup_retention_days: 29}'))).toEqual([
      'usage.rollup_retention_days: 29 must be at least retention_days, which is 30: rows are proven by their sums',
    ])
    expect(inVariable('{retention_days: 1095}').rollupRetentionDays).toBe(1095)
    expect(mistakes(() => inVariable('{retention_days: 1096}'))).toHaveLength(1)
  })

  test.each([
    ['{price_per_kwh: 0.3}', '.price_per_kwh: 0.3 needs watts beside it: what a busy host draws'],
    [
      '{prices: {llama3: {gpu_hour: 1}, "llama3:latest": {gpu_hour: 2}}}',
      '.prices.llama3:latest: "llama3:latest" is for the same model as llama3',
    ],
    ['{prices: 5}', '.prices: 5 must hold a line for each model, such as {"*": {gpu_hour: 0.4}}'],
    [
      '5',
      ': "5" must hold "key: value" lines; the keys are retention_days, rollup_retention_days, watts, price_per_kwh, currency, prices',
    ],
  ])('makes sense as a whole, unlike %s', (text, told) => {
    expect(mistakes(() => inVariable(text))).toEqual([`usage${told}`])
  })
})
