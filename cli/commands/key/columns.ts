import type { Key, KeyLastUse, NewKey } from '../../../app/services/key-view.ts'
import { duration } from '../../duration.ts'
import type { Column } from '../../table.ts'
import { isoTime } from '../../time-text.ts'

const HOUR_MS = 3_600_000

const id: Column<Key> = { header: 'id', value: (key) => key.id, whole: true }
const username: Column<Key> = { header: 'username', value: (key) => key.username }
const state: readonly Column<Key>[] = [
  { header: 'status', value: (key) => key.status },
  { header: 'created', value: (key) => isoTime(key.createdAt) },
  {
    header: 'expires',
    value: (key) => (key.expiresAt === null ? 'never' : isoTime(key.expiresAt)),
  },
]
const lastUse: Column<Key> = { header: 'last used', value: (key) => useText(key.lastUse) }
const description: Column<Key> = { header: 'description', value: (key) => key.description }

/** How keys are shown in a list. */
export const keyColumns: readonly Column<Key>[] = [
  id,
  username,
  { header: 'ends in', value: (key) => `…${key.lastFour}` },
  ...state,
  lastUse,
  description,
]

/** How a key is shown whose text is told, which is once. */
export const newKeyColumns = (made: NewKey): readonly Column<NewKey>[] => [
  { header: 'key', value: ({ key }) => key, whole: true },
  id,
  username,
  ...state,
  ...ruleColumns(made),
  description,
]

/** How a key is shown alone. */
export const keyDetails = (key: Key): readonly Column<Key>[] => [
  ...keyColumns,
  ...ruleColumns(key),
  ...(key.replacedBy === null ? [] : [{ header: 'successor', value: () => key.replacedBy }]),
]

/** Reads `7d`, `12h`, or `0` for at once; for an argument's `parse`. */
export const grace = (text: string): number => (text === '0' ? 0 : duration(text))

/** `30d` or `12h`. */
const durationText = (ms: number): string =>
  ms % (24 * HOUR_MS) === 0 ? `${ms / HOUR_MS / 24}d` : `${Math.round((ms / HOUR_MS) * 10) / 10}h`

function ruleColumns({ scopes, rotation }: Key): Column<Key>[] {
  const parts = [
    ['gateways', scopes.gateways],
    ['models', scopes.models],
    ['permissions', scopes.permissions],
    ['from', scopes.addresses],
  ] as const
  const restrictions = parts
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${name} ${values.join(', ')}`)
  return [
    ...(restrictions.length === 0
      ? []
      : [{ header: 'only', value: () => restrictions.join('; ') }]),
    ...(rotation === null
      ? []
      : [
          {
            header: 'rotates',
            value: () =>
              `every ${durationText(rotation.everyMs)}, then works for ${durationText(rotation.graceMs)}${rotation.nextAt === null ? '' : `; next ${isoTime(rotation.nextAt)}`}`,
          },
        ]),
  ]
}

function useText(use: KeyLastUse | null): string {
  if (use === null) return 'never'
  return [isoTime(use.at), ...(use.address === null ? [] : [`from ${use.address}`])].join(' ')
}
