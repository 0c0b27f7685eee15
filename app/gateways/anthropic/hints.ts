import type { ClientHints, HintOptions } from '../../domain/client-hints.ts'

/** How to point programs at Anthropic's API, whose version they add to the address themselves. */
export const anthropicHints = ({ base, key }: HintOptions): ClientHints => ({
  title: 'Anthropic',
  programs: "For programs made for Anthropic's API: its libraries, Claude Code and other agents.",
  examples: [
    { label: 'Base URL', code: base },
    {
      label: 'Environment',
      code: `ANTHROPIC_BASE_URL=${base}
ANTHROPIC_API_KEY=${key}`,
    },
  ],
})
