import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { UsageError } from '../../errors.ts'
import { roleDetails } from './columns.ts'
import { settingArgs, settingsFrom } from './settings.ts'

export const roleUpdate = command({
  meta: {
    name: 'update',
    description: 'Change what a role permits, and how its members are served',
    examples: [
      "parallama role update basic --models 'llama3*,qwen3:8b'",
      'parallama role update team --priority high --concurrent ""',
    ],
  },
  args: { role: { type: 'positional', description: 'the role' }, ...settingArgs },
  async run({ args, out }) {
    const settings = settingsFrom(args)
    if (Object.values(settings).every((value) => value === undefined)) {
      const flags = Object.keys(settingArgs).map((name) => `--${name}`)
      throw new UsageError(`nothing to change; give one of ${flags.join(', ')}`)
    }
    const role = await withAdmin(args, ({ roles }) => roles.update(actor(), args.role, settings))
    out.record(role, roleDetails)
  },
})
