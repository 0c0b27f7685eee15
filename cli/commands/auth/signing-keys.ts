import type { SigningKey } from '../../../app/services/signing-key-rotation.ts'
import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import type { Column } from '../../table.ts'
import { isoTime } from '../../time-text.ts'

const columns: readonly Column<SigningKey>[] = [
  { header: 'id', value: (key) => key.id, whole: true },
  { header: 'state', value: (key) => key.state },
  { header: 'created', value: (key) => isoTime(key.createdAt) },
  { header: 'signs from', value: (key) => isoTime(key.signsFrom) },
]

export const authSigningKeys = command({
  meta: { name: 'signing-keys', description: 'List the keys that sign access tokens' },
  async run({ args, out }) {
    const keys = await withAdmin(args, ({ signingKeys }) => signingKeys.list())
    out.list(keys, columns, { empty: 'There are none yet: the server makes the first one.' })
  },
})

export const authRotateSigningKey = command({
  meta: {
    name: 'rotate-signing-key',
    description: 'Make a new key that signs access tokens; those that exist stay good',
  },
  args: {
    'revoke-old': {
      type: 'boolean',
      description: 'make all access tokens worthless at once; logins get new ones',
    },
  },
  async run({ args, out }) {
    const { revokeOld } = args
    const made = await withAdmin(args, ({ signingKeys }) =>
      signingKeys.rotate(actor(), { revokeOld }),
    )
    out.record(made, columns)
  },
})
