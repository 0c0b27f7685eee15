import type { Key } from '../../app/services/keys.ts'
import { actor, withAdmin } from '../admin.ts'
import { command, group } from '../command.ts'
import { duration } from '../duration.ts'
import type { Column } from '../table.ts'
import { isoTime } from '../time-text.ts'

const columns: readonly Column<Key>[] = [
  { header: 'id', value: (key) => key.id, whole: true },
  { header: 'username', value: (key) => key.username },
  { header: 'ends in', value: (key) => `…${key.lastFour}` },
  { header: 'status', value: (key) => key.status },
  { header: 'created', value: (key) => isoTime(key.createdAt) },
  {
    header: 'expires',
    value: (key) => (key.expiresAt === null ? 'never' : isoTime(key.expiresAt)),
  },
  { header: 'description', value: (key) => key.description },
]

const keyGenerate = command({
  meta: {
    name: 'generate',
    description: 'Make an API key for a user; it is shown once',
    examples: ['parallama key generate anna --description "laptop"'],
  },
  args: {
    name: { type: 'positional', description: 'the user name' },
    description: { type: 'string', valueHint: 'text', description: 'what the key is for' },
    expires: {
      type: 'string',
      valueHint: 'time',
      description: 'ends after 12h, 30d, …; never by default',
      parse: duration,
    },
  },
  async run({ args, out }) {
    const { description, expires } = args
    const expiresAt = expires === undefined ? undefined : Date.now() + expires
    const made = await withAdmin(args, ({ keys }) =>
      keys.generate(actor(), args.name, { description, expiresAt }),
    )
    out.record(made, [
      { header: 'key', value: (key) => key.key, whole: true },
      ...columns.filter(({ header }) => header !== 'ends in'),
    ])
    out.message('\nKeep the key now: it is stored only as a digest and can never be shown again.')
  },
})

const keyList = command({
  meta: { name: 'list', description: 'List API keys' },
  args: { username: { type: 'string', valueHint: 'name', description: 'only those of this user' } },
  async run({ args, out }) {
    const keys = await withAdmin(args, (admin) => admin.keys.list(args.username))
    const { username } = args
    const whose = username ? `${username} has no keys` : 'There are no keys'
    out.list(keys, columns, {
      empty: `${whose}. Make one with: parallama key generate ${username ?? 'NAME'}`,
    })
  },
})

const keyRevoke = command({
  meta: { name: 'revoke', description: 'End an API key at once, and the answers it is getting' },
  args: { id: { type: 'positional', description: "the key's id, or the key itself" } },
  async run({ args, out }) {
    const key = await withAdmin(args, ({ keys }) => keys.revoke(actor(), args.id))
    out.record(key, columns)
  },
})

export const key = group({
  meta: { name: 'key', description: 'API keys' },
  subCommands: { generate: keyGenerate, list: keyList, revoke: keyRevoke },
})
