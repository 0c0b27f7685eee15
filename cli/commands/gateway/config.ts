import type { ModelAlias } from '../../../app/domain/model-aliases.ts'
import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { UsageError } from '../../errors.ts'
import { table } from '../../table.ts'
import { aliasColumns } from '../model/columns.ts'
import { gatewayArg } from './arg.ts'
import { gatewayColumns } from './columns.ts'

export const gatewayConfig = command({
  meta: {
    name: 'config',
    description: 'Change which models the names stand for that callers use; without flags, show it',
    examples: [
      'parallama gateway config openai --model-mapping gpt-4=llama2:70b',
      "parallama gateway config openai --model-mapping 'gpt-*=llama3.2:3b' --remove-mapping gpt-4",
      'parallama gateway config anthropic --default-model qwen3:8b',
    ],
  },
  args: {
    gateway: gatewayArg,
    'model-mapping': {
      type: 'string',
      multiple: true,
      valueHint: 'alias=model',
      description: 'a name and the model that it stands for; * in the name is for any text',
      parse: mapping,
    },
    'remove-mapping': {
      type: 'string',
      multiple: true,
      valueHint: 'alias',
      description: 'a name that is to stand for nothing any more',
    },
    'default-model': {
      type: 'string',
      valueHint: 'model',
      description: 'the model of requests that name none; "" for none',
    },
  },
  async run({ args, io, out }) {
    const { modelMapping: setMappings, removeMapping: removeMappings, defaultModel } = args
    const isChange = setMappings.length + removeMappings.length > 0 || defaultModel !== undefined
    const found = await withAdmin(args, ({ gateways }) =>
      isChange
        ? gateways.configure(actor(), args.gateway, { setMappings, removeMappings, defaultModel })
        : gateways.info(args.gateway),
    )
    out.record(found, gatewayColumns)
    if (found.aliases.length === 0) return
    const width = io.stdout.isTTY ? io.stdout.columns : undefined
    out.message(`\n${table(found.aliases, aliasColumns, width).trimEnd()}`)
  },
})

/** An alias has no equals sign: the first one ends it. */
function mapping(text: string): ModelAlias {
  const equals = text.indexOf('=')
  if (equals > 0 && equals < text.length - 1) {
    return { alias: text.slice(0, equals), model: text.slice(equals + 1) }
  }
  throw new UsageError('must be an alias and a model, such as gpt-4=llama3.3:70b')
}
