import { describe, expect, test } from 'bun:test'
import {
  amountText,
  inWords,
  type LimitRow,
  limitColumns,
} from '../../../cli/commands/ratelimit/columns.ts'
import { table } from '../../../cli/table.ts'

const AT = Date.UTC(2026, 10, 22)

const row = (change: Partial<LimitRow> = {}): LimitRow => ({
  scope: 'user',
  role: null,
  key: null,
  gateway: 'ollama',
  model: '*',
  unit: 'tokens',
  window: 'hour',
  limit: 1000,
  used: 670,
  remaining: 330,
  resetsAt: new Date(AT + 2_412_000).toISOString(),
  shadow: false,
  refusals: null,
  ...change,
})

const shown = (rows: readonly LimitRow[], columns?: number): string =>
  table(rows, limitColumns(rows, AT, { isTTY: columns !== undefined, columns }), columns)

const widest = (text: string): number =>
  Math.max(...text.split('\n').map((line) => Bun.stringWidth(line)))

describe('limits', () => {
  test('in a pipe are plain columns, with all there is to say', () => {
    const rows = [
      row(),
      row({ scope: 'role', role: 'premium', used: null, remaining: null, resetsAt: null }),
      row({ scope: 'shared', role: 'team', model: 'llama3:latest', shadow: true, refusals: 3 }),
      row({ scope: 'key', key: 'Ab1', shadow: true, refusals: 1 }),
    ]
    expect(shown(rows)).toBe(
      [
        'GATEWAY  MODEL          LIMIT             USED  REMAINING  RESETS     SCOPE                SHADOW',
        'ollama   *              1000 tokens/hour   670        330  in 41 min  own                  -',
        'ollama   *              1000 tokens/hour     -          -  -          role premium         -',
        'ollama   llama3:latest  1000 tokens/hour   670        330  in 41 min  shared by role team  3 refusals',
        'ollama   *              1000 tokens/hour   670        330  in 41 min  key Ab1              1 refusal',
        '',
      ].join('\n'),
    )
  })

  test('on a terminal have a bar, and a model only where one has it', () => {
    expect(shown([row()], 80)).toBe(
      [
        'GATEWAY  LIMIT             USED                REMAINING  RESETS     SCOPE',
        'ollama   1000 tokens/hour  ████████░░░░  67 %        330  in 41 min  own',
        '',
      ].join('\n'),
    )
    expect(shown([row({ model: 'qwen3:8b' })], 100)).toMatch(
      /^GATEWAY {2}MODEL .*\nollama +qwen3:8b /,
    )
  })

  test('fit the terminal: the bar gives way, then what remains, and the percentage never', () => {
    const long = row({
      gateway: 'anthropic',
      model: 'registry.example.org/team/model-with-a-long-name:70b-q4_K_M',
      scope: 'shared',
      role: 'a-role-with-a-long-name',
      shadow: true,
      refusals: 123_456,
      limit: 10_000_000_000,
      used: 5_000_000_000,
      remaining: 5_000_000_000,
    })
    for (const rows of [[row()], [row({ model: 'llama3:latest' })], [long], [row(), long]]) {
      for (const columns of [80, 95, 100, 120, 160, 300]) {
        const text = shown(rows, columns)
        expect([columns, widest(text) <= columns ? 'fits' : text]).toEqual([columns, 'fits'])
        expect(text).toMatch(/ (50|67) % /)
        if (columns > 80) expect(text).toContain(' tokens/hour ')
      }
    }
    expect(shown([long], 300)).toContain('██████░░░░░░  50 %')
    expect(shown([long], 95)).not.toContain('REMAINING')
  })
})

test('amounts are told with their unit and window', () => {
  const texts = [
    amountText({ unit: 'requests', window: 'minute', amount: 60 }),
    amountText({ unit: 'compute-seconds', window: 'day', amount: 3600 }),
    amountText({ unit: 'concurrent-requests', window: 'now', amount: 2 }),
  ]
  expect(texts).toEqual(['60 requests/minute', '3600 s compute/day', '2 at once'])
})

test('times are told in words, rounded up', () => {
  const cases: [ms: number | null, words: string][] = [
    [null, '-'],
    [1, 'in 1 s'],
    [-5, 'in 1 s'],
    [59_001, 'in 60 s'],
    [120_000, 'in 2 min'],
    [5_940_000, 'in 99 min'],
    [7_200_000, 'in 2 h'],
    [86_400_000, 'in 24 h'],
  ]
  for (const [ms, words] of cases) expect([ms, inWords(ms)]).toEqual([ms, words])
})
