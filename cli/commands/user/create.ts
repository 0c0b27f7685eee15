import { ANY } from '../../../app/domain/limit.ts'
import { ADMIN_ROLE, DEFAULT_ROLE } from '../../../app/domain/role.ts'
import { type Allotment, proposedRules } from '../../../app/services/limit-proposal.ts'
import type { NewRule } from '../../../app/services/limit-rules.ts'
import type { User } from '../../../app/services/users.ts'
import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { UsageError } from '../../errors.ts'
import { GATEWAY_NAMES } from '../../gateways.ts'
import { readStdin } from '../../prompt.ts'
import type { Column } from '../../table.ts'
import { amountArg } from '../ratelimit/amounts.ts'
import { amountText } from '../ratelimit/columns.ts'
import { gatewayName } from '../ratelimit/subject.ts'
import { userColumns } from './columns.ts'

const limitsColumn: Column<User & { readonly limits?: readonly NewRule[] }> = {
  header: 'limits',
  value: ({ limits = [] }) =>
    limits.map((rule) => `${amountText(rule)} through ${rule.gateway}`).join(', '),
}

export const userCreate = command({
  meta: {
    name: 'create',
    description: 'Add a user',
    examples: [
      'parallama user create anna',
      'parallama user create bob --admin --role premium',
      'parallama user create carl --gateway ollama --token-limit-daily 10000',
    ],
  },
  args: {
    name: { type: 'positional', description: 'the user name' },
    role: {
      type: 'string',
      multiple: true,
      valueHint: 'role',
      description: `role; ${DEFAULT_ROLE} by default`,
    },
    admin: { type: 'boolean', description: `also give the role ${ADMIN_ROLE}` },
    'password-stdin': { type: 'boolean', description: 'read a password from standard input' },
    gateway: {
      type: 'string',
      valueHint: 'name',
      description: "where the limits hold; '*', all gateways together, by default",
      parse: gatewayName,
    },
    'token-limit-daily': amountArg('tokens', 'most tokens a day'),
    'token-limit-hourly': amountArg('tokens', 'most tokens an hour'),
    'request-limit-daily': amountArg('requests', 'most requests a day'),
    'request-limit-hourly': amountArg('requests', 'most requests an hour'),
  },
  async run({ args, io, out }) {
    const amounts = allotmentsOf(args)
    if (args.gateway !== undefined && amounts.length === 0)
      throw new UsageError(
        '--gateway says where limits hold; give one, such as --token-limit-daily',
      )
    const proposal = { gateway: args.gateway ?? ANY, amounts }
    const subject = { user: args.name }
    if (amounts.length > 0) proposedRules(subject, proposal, GATEWAY_NAMES)
    const password = args.passwordStdin ? await readStdin(io) : undefined
    const roles = args.admin ? [...args.role, ADMIN_ROLE] : args.role
    await withAdmin(args, async ({ users, limits }) => {
      const user = await users.create(actor(), { username: args.name, roles, password })
      if (amounts.length === 0) {
        out.record(user, userColumns)
        return
      }
      const rules = await limits.set(actor(), subject, proposal)
      out.record({ ...user, limits: rules }, [...userColumns, limitsColumn])
    })
  },
})

function allotmentsOf(args: {
  readonly tokenLimitDaily: number | undefined
  readonly tokenLimitHourly: number | undefined
  readonly requestLimitDaily: number | undefined
  readonly requestLimitHourly: number | undefined
}): Allotment[] {
  const given = [
    { unit: 'tokens', window: 'hour', amount: args.tokenLimitHourly },
    { unit: 'tokens', window: 'day', amount: args.tokenLimitDaily },
    { unit: 'requests', window: 'hour', amount: args.requestLimitHourly },
    { unit: 'requests', window: 'day', amount: args.requestLimitDaily },
  ] as const
  return given.flatMap(({ amount, ...rest }) => (amount === undefined ? [] : [{ ...rest, amount }]))
}
