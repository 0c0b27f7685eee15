import type { ListedAlias } from '../../../app/services/gateways.ts'
import { actor, withAdmin } from '../../admin.ts'
import { command, group } from '../../command.ts'
import type { Column } from '../../table.ts'
import { gatewayArg } from '../gateway/arg.ts'
import { aliasColumns } from './columns.ts'

const aliasArg = {
  type: 'positional',
  description: 'the name that callers use; * is for any text',
} as const

const columns: readonly Column<ListedAlias>[] = [
  { header: 'gateway', value: ({ gateway }) => gateway },
  ...aliasColumns,
]

const set = command({
  meta: {
    name: 'set',
    description: 'Make a name stand for a model',
    examples: ["parallama model alias set openai 'gpt-*' llama3.2:3b"],
  },
  args: {
    gateway: gatewayArg,
    alias: aliasArg,
    model: { type: 'positional', description: 'the model that it stands for' },
  },
  async run({ args, out }) {
    const { aliases } = await withAdmin(args, ({ gateways }) =>
      gateways.setAlias(actor(), args.gateway, args.alias, args.model),
    )
    const found = nameIn(args.alias, aliases)
    if (args.json) out.record({ gateway: args.gateway, ...found })
    else out.message(`Through ${args.gateway}, ${found?.alias} stands for ${found?.model}.`)
  },
})

const remove = command({
  meta: { name: 'remove', description: 'Make a name stand for nothing any more' },
  args: { gateway: gatewayArg, alias: aliasArg },
  async run({ args, out }) {
    const { aliases } = await withAdmin(args, ({ gateways }) =>
      gateways.removeAlias(actor(), args.gateway, args.alias),
    )
    const left = nameIn(args.alias, aliases)
    const more = left ? `; the configuration makes it stand for ${left.model}` : ''
    out.message(`Removed the alias ${args.alias} of ${args.gateway}${more}.`)
  },
})

const list = command({
  meta: { name: 'list', description: 'List the names that stand for models' },
  args: { gateway: { ...gatewayArg, required: false } },
  async run({ args, out }) {
    const aliases = await withAdmin(args, ({ gateways }) => gateways.listAliases(args.gateway))
    const where = args.gateway ?? 'openai'
    out.list(aliases, columns, {
      empty: `There are none. Set one with: parallama model alias set ${where} gpt-4 llama3.2:3b`,
    })
  },
})

export const modelAlias = group({
  meta: { name: 'alias', description: 'The names under which callers know models' },
  subCommands: { set, list, remove },
})

const nameIn = <Alias extends { readonly alias: string }>(
  text: string,
  aliases: readonly Alias[],
): Alias | undefined => aliases.find(({ alias }) => alias === text.trim().toLowerCase())
