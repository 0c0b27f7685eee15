/** Who, and which role. */
export const membershipArgs = {
  name: { type: 'positional', description: 'the user name' },
  role: { type: 'positional', description: 'the role' },
} as const
