import { expect, test } from 'bun:test'
import { readServerCounts } from '../../../app/services/server-counts.ts'

const NODE = '0123456789ab'
const page = ({ node = NODE, time = '1796000000.5' } = {}): string =>
  [
    `parallama_ledger_node_info{node="${node}"} 1`,
    'process_start_time_seconds 1795990000',
    `parallama_time_seconds ${time}`,
    'parallama_ledger_owed_rows 3',
    'parallama_requests_total{gateway="ollama",operation="chat",outcome="completed"} 7',
    'parallama_tokens_total{gateway="ollama",kind="prompt"} 84',
  ].join('\n')

test('a page of metrics tells what its server has counted, and which it is', () => {
  expect(readServerCounts(page())).toEqual({
    node: NODE,
    startedAt: 1_795_989_999_000,
    readAt: 1_796_000_000_500,
    owed: 3,
    requests: new Map([['ollama chat completed', 7]]),
    tokens: new Map([['ollama prompt', 84]]),
  })
})

test.each(['', 'node_load1 0.5\n'])(
  'what is no page of metrics of a server is none: %j',
  (text) => {
    expect(readServerCounts(text)).toBeNull()
  },
)

test.each(['', '%', '0123456789a', '0123456789abc', '0123456789AB', '0123456789a_', `${NODE}\\n`])(
  'a page whose process no id can end in is none: %j',
  (node) => {
    expect(readServerCounts(page({ node }))).toBeNull()
  },
)

test.each(['NaN', '+Inf', 'soon'])('a page that does not tell a time is none: %j', (time) => {
  expect(readServerCounts(page({ time }))).toBeNull()
})
