import type { ClientHints, HintOptions } from '../../domain/client-hints.ts'

/** How to point programs at OpenAI's API, whose version is a part of the address that they take. */
export const openAiHints = ({ base, key }: HintOptions): ClientHints => ({
  title: 'OpenAI',
  programs: "For programs made for OpenAI's API: its libraries, editors, chats and agents.",
  examples: [
    { label: 'Base URL', code: `${base}/v1` },
    {
      label: 'Environment',
      code: `OPENAI_BASE_URL=${base}/v1
OPENAI_API_KEY=${key}`,
    },
  ],
})
