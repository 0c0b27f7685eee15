import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { roleDetails } from './columns.ts'
import { settingArgs, settingsFrom } from './settings.ts'

export const roleCreate = command({
  meta: {
    name: 'create',
    description: 'Add a role',
    examples: [
      'parallama role create team --parent basic --weight 200 --concurrent 4',
      'parallama role create auditor --permission audit:read --permission usage:read',
    ],
  },
  args: { role: { type: 'positional', description: 'its name' }, ...settingArgs },
  async run({ args, out }) {
    const settings = settingsFrom(args)
    const role = await withAdmin(args, ({ roles }) =>
      roles.create(actor(), { name: args.role, ...settings }),
    )
    out.record(role, roleDetails)
  },
})
