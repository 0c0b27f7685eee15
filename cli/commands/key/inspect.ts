import type { InspectedKey } from '../../../app/services/keys.ts'
import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { readStdin } from '../../prompt.ts'
import type { Column } from '../../table.ts'
import { isoTime } from '../../time-text.ts'
import { keyDetails } from './columns.ts'

const SHOWN_ADDRESSES = 10

export const keyInspect = command({
  meta: {
    name: 'inspect',
    description: 'Say whose an API key is, what it may do and who used it',
    examples: ['parallama key inspect 4Vx1cQ8bZt', 'parallama key inspect - < found.txt'],
  },
  args: {
    key: {
      type: 'positional',
      description: 'its id, the key itself, or - to read that from standard input',
    },
  },
  async run({ args, io, out }) {
    const idOrKey = args.key === '-' ? await readStdin(io) : args.key
    const key = await withAdmin(args, ({ keys }) => keys.inspect(idOrKey))
    out.record(key, [...keyDetails(key), ...useColumns(key)])
    if (key.isGenuine !== false) return 0
    out.message(`\nThis is not the key ${key.id}: its id is right, the rest is made up.`)
    return 1
  },
})

const useColumns = ({ isGenuine, lastUse, addresses }: InspectedKey): Column<InspectedKey>[] => [
  ...(isGenuine === null ? [] : [{ header: 'genuine', value: () => isGenuine }]),
  ...(lastUse?.agent ? [{ header: 'last client', value: () => lastUse.agent }] : []),
  ...addresses.slice(0, SHOWN_ADDRESSES).map(({ address, firstAt, lastAt }, i) => ({
    header: i === 0 ? 'used from' : '',
    value: () => `${address}, ${isoTime(firstAt)} to ${isoTime(lastAt)}`,
  })),
]
