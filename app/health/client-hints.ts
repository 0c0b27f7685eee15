/** How to point programs at a gateway. */
export interface ClientHints {
  /** Whose API it speaks. */
  readonly title: string
  /** The programs that it is for. */
  readonly programs: string
  /** What to copy: the address that such programs take first. */
  readonly examples: readonly Example[]
  /** What else there is to know. */
  readonly note?: string
}

/** Something to copy. */
export interface Example {
  readonly label: string
  readonly code: string
}

export interface HintOptions {
  /** Where the gateway is, as a whole address. */
  readonly base: string
  /** Whether a key is accepted in the path. */
  readonly takesKeyInPath: boolean
}

/** What stands for the key. */
const KEY = 'plk_…'

const ollama = ({ base, takesKeyInPath }: HintOptions): ClientHints => ({
  title: 'Ollama',
  programs:
    "For programs that speak Ollama's own API, such as its JavaScript and Python libraries, and take a host and a key.",
  examples: [
    { label: 'Host', code: base },
    {
      label: 'JavaScript',
      code: `new Ollama({
  host: '${base}',
  headers: { Authorization: 'Bearer ${KEY}' },
})`,
    },
    {
      label: 'Python',
      code: `Client(
  host='${base}',
  headers={'Authorization': 'Bearer ${KEY}'},
)`,
    },
    ...(takesKeyInPath
      ? [{ label: 'The command ollama', code: `OLLAMA_HOST=${base}/k/${KEY}` }]
      : []),
  ],
  ...(!takesKeyInPath && {
    note: 'The command ollama sends no key. It works here once keys are accepted in the address, which whoever runs this server can switch on.',
  }),
})

const openai = ({ base }: HintOptions): ClientHints => ({
  title: 'OpenAI',
  programs: "For programs made for OpenAI's API: its libraries, editors, chats and agents.",
  examples: [
    { label: 'Base URL', code: `${base}/v1` },
    {
      label: 'Environment',
      code: `OPENAI_BASE_URL=${base}/v1
OPENAI_API_KEY=${KEY}`,
    },
  ],
})

const anthropic = ({ base }: HintOptions): ClientHints => ({
  title: 'Anthropic',
  programs: "For programs made for Anthropic's API: its libraries, Claude Code and other agents.",
  examples: [
    { label: 'Base URL', code: base },
    {
      label: 'Environment',
      code: `ANTHROPIC_BASE_URL=${base}
ANTHROPIC_API_KEY=${KEY}`,
    },
  ],
})

const HINTS = new Map([
  ['ollama', ollama],
  ['openai', openai],
  ['anthropic', anthropic],
])

/** How to point programs at the gateway of that name; only its address where no more is known. */
export const clientHints = (gateway: string, options: HintOptions): ClientHints =>
  HINTS.get(gateway)?.(options) ?? {
    title: gateway,
    programs: 'For programs that speak this API.',
    examples: [{ label: 'Base URL', code: options.base }],
  }
