import type { ClientHints, HintOptions } from '../../domain/client-hints.ts'

/** How to point programs at Ollama's own API; its command sends no key but one in the address. */
export const ollamaHints = ({ base, key, takesKeyInPath }: HintOptions): ClientHints => ({
  title: 'Ollama',
  programs:
    "For programs that speak Ollama's own API, such as its JavaScript and Python libraries, and take a host and a key.",
  examples: [
    { label: 'Host', code: base },
    {
      label: 'JavaScript',
      code: `new Ollama({
  host: '${base}',
  headers: { Authorization: 'Bearer ${key}' },
})`,
    },
    {
      label: 'Python',
      code: `Client(
  host='${base}',
  headers={'Authorization': 'Bearer ${key}'},
)`,
    },
    ...(takesKeyInPath
      ? [{ label: 'The command ollama', code: `OLLAMA_HOST=${base}/k/${key}` }]
      : []),
  ],
  ...(!takesKeyInPath && {
    note: 'The command ollama sends no key. It works here once keys are accepted in the address, which whoever runs this server can switch on.',
  }),
})
