import { type HostModels, hostModels } from '../../../app/host-models.ts'
import type { ListedAlias } from '../../../app/services/gateways.ts'
import { configFor, withAdminOf } from '../../admin.ts'
import { command } from '../../command.ts'
import { CliError } from '../../errors.ts'
import type { Column } from '../../table.ts'

/** A model on any host. */
interface Row {
  /** By its canonical name. */
  readonly model: string
  readonly hosts: readonly string[]
  readonly aliases: readonly { readonly gateway: string; readonly alias: string }[]
}

const columns: readonly Column<Row>[] = [
  { header: 'model', value: ({ model }) => model, whole: true },
  { header: 'hosts', value: ({ hosts }) => hosts },
  {
    header: 'aliases',
    value: ({ aliases }) => aliases.map(({ gateway, alias }) => `${alias} (${gateway})`),
  },
]

export const modelList = command({
  meta: {
    name: 'list',
    description: 'List the models on all hosts, each with the aliases that lead to it',
  },
  async run({ args, out }) {
    const config = configFor(args)
    const [found, aliases] = await Promise.all([
      hostModels(config),
      withAdminOf(config, ({ gateways }) => gateways.listAliases()),
    ])
    const silent = found.filter(({ models }) => models === null).map(({ host }) => host)
    if (silent.length === found.length) {
      throw new CliError(`no Ollama host answers: ${silent.join(', ')}`, {
        hint: 'Start Ollama there, or name other hosts with ollama_urls.',
      })
    }
    const rows = rowsOf(found, aliases)
    if (args.json) {
      out.record({ models: rows, silentHosts: silent })
      return
    }
    out.list(rows, columns, { empty: 'There are no models.' })
    if (silent.length === 0) return
    out.message(`\nNo answer from ${silent.join(', ')}: models that are there alone are missing.`)
  },
})

function rowsOf(found: readonly HostModels[], aliases: readonly ListedAlias[]): Row[] {
  const hosts = new Map<string, string[]>()
  for (const { host, models } of found) {
    for (const { canonical } of models ?? []) {
      hosts.set(canonical, [...(hosts.get(canonical) ?? []), host])
    }
  }
  return [...hosts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([model, on]) => ({
      model,
      hosts: on,
      aliases: aliases.flatMap(({ gateway, alias, model: target }) =>
        target === model ? [{ gateway, alias }] : [],
      ),
    }))
}
