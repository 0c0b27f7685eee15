import { TESTER } from '../support/builders.ts'
import { MODEL } from '../support/gateway/stage.ts'
import { type Caller, type EndpointWorld, PASSWORD } from './endpoint-world.ts'

/** What a good request holds beside its method and the form of its path. */
export interface ValidRequest {
  /** Values of the path's parameters. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON; none is sent without it. */
  readonly body?: Readonly<Record<string, unknown>>
}

type Make = (world: EndpointWorld, caller: Caller) => Promise<ValidRequest> | ValidRequest

const nothing: Make = () => ({})
const noFields: Make = () => ({ body: {} })
const ofTarget: Make = async (world) => ({
  parameters: { username: (await world.target()).username },
})
const ownKey: Make = async (world, me) => ({ parameters: { id: (await world.key(me)).id } })
const keyOfTarget: Make = async (world) => ({ parameters: { id: (await world.target()).keyId } })
const ofRole: Make = async (world) => ({ parameters: { role: await world.weakRole() } })
const refreshToken: Make = async (world) => {
  const session = await world.session(await world.target())
  return { body: { refresh_token: session.refreshToken } }
}

const AMOUNTS = [{ unit: 'requests', window: 'day', amount: 5 }] as const
const proposal = async (world: EndpointWorld) => ({
  subject: { user: (await world.target()).username },
  gateway: 'ollama',
  amounts: AMOUNTS,
})
const limited = async (world: EndpointWorld) => {
  const proposed = await proposal(world)
  await world.stage.gateway.admin.limits.set(TESTER, proposed.subject, proposed)
  return proposed
}

const ofOllama: Make = () => ({ parameters: { gateway: 'ollama' } })
const aliasOfOllama = async (world: EndpointWorld): Promise<string> => {
  const alias = world.name()
  await world.stage.gateway.admin.gateways.setAlias(TESTER, 'ollama', alias, MODEL)
  return alias
}

/** One good request for each endpoint: what is refused in the tests is refused for its sender. */
export const VALID: Readonly<Record<string, Make>> = {
  'session.login': async (world) => {
    const user = await world.target()
    await world.givePassword(user)
    return { body: { username: user.username, password: PASSWORD } }
  },
  'session.refresh': refreshToken,
  'session.logout': refreshToken,
  'user.register': async (world) => {
    const { code } = await world.invitation()
    return { body: { username: world.name(), password: PASSWORD, invitation: code } }
  },
  'auth.key.list': nothing,
  'auth.key.generate': noFields,
  'auth.key.revoke': ownKey,
  'me.read': nothing,
  'me.password': async (world, me) => {
    await world.givePassword(me)
    return { body: { current_password: PASSWORD, new_password: `${PASSWORD}, and one more` } }
  },
  'me.session.list': nothing,
  'me.session.revoke-all': nothing,
  'me.session.revoke': async (world, me) => ({ parameters: { id: (await world.session(me)).id } }),
  'me.key.list': nothing,
  'me.key.generate': noFields,
  'me.key.read': ownKey,
  'me.key.revoke': ownKey,
  'me.key.rotate': async (world, me) => ({ ...(await ownKey(world, me)), body: {} }),
  'me.key.successor': async (world, me) => ({ parameters: { id: await world.replacedKey(me) } }),
  'me.usage.list': nothing,
  'me.usage.summary': nothing,
  'me.usage.current': nothing,
  'me.limit.read': nothing,
  'user.list': nothing,
  'user.create': async (world) => ({
    body: { username: world.name(), roles: [await world.weakRole()] },
  }),
  'user.read': ofTarget,
  'user.update': async (world, me) => ({
    ...(await ofTarget(world, me)),
    body: { disabled: true },
  }),
  'user.delete': ofTarget,
  'user.password': async (world, me) => ({
    ...(await ofTarget(world, me)),
    body: { password: PASSWORD },
  }),
  'role.grant': async (world) => ({
    parameters: { username: (await world.target()).username, role: await world.weakRole() },
    body: {},
  }),
  'role.revoke': async (world) => {
    const role = await world.weakRole()
    const { username } = await world.stage.gateway.user({ roles: [role] })
    return { parameters: { username, role } }
  },
  'role.list': nothing,
  'role.create': (world) => ({ body: { name: world.name() } }),
  'role.read': ofRole,
  'role.update': async (world, me) => ({
    ...(await ofRole(world, me)),
    body: { description: 'changed' },
  }),
  'role.delete': ofRole,
  'key.list': nothing,
  'key.generate': async (world, me) => ({ ...(await ofTarget(world, me)), body: {} }),
  'key.read': keyOfTarget,
  'key.revoke': keyOfTarget,
  'key.rotate': async (world, me) => ({ ...(await keyOfTarget(world, me)), body: {} }),
  'key.successor': async (world) => {
    const id = await world.replacedKey(await world.target())
    return { parameters: { id } }
  },
  'key.inspect': async (world) => ({ body: { key: (await world.target()).key } }),
  'session.list': ofTarget,
  'session.revoke-all': ofTarget,
  'session.rotate-tokens': ofTarget,
  'session.revoke': async (world) => ({
    parameters: { id: (await world.session(await world.target())).id },
  }),
  'invitation.list': nothing,
  'invitation.create': async (world) => ({ body: { role: await world.weakRole() } }),
  'invitation.withdraw': async (world) => ({ parameters: { id: (await world.invitation()).id } }),
  'limit.read': async (world) => ({ query: { user: (await world.target()).username } }),
  'limit.set': async (world) => ({ body: await proposal(world) }),
  'limit.reset': async (world) => {
    const { subject, gateway } = await limited(world)
    return { query: { ...subject, gateway } }
  },
  'limit.reset-used': async (world) => {
    const { subject, gateway } = await limited(world)
    return { body: { subject, gateway } }
  },
  'limit.simulate': async (world) => ({ body: { ...(await proposal(world)), days: 1 } }),
  'gateway.list': nothing,
  'gateway.read': ofOllama,
  // Switched off it would be of no use to the next test.
  'gateway.config': () => ({ parameters: { gateway: 'ollama' }, body: { enabled: true } }),
  'gateway.metrics': ofOllama,
  'model.alias': (world) => ({
    parameters: { gateway: 'ollama' },
    body: { alias: world.name(), model: MODEL },
  }),
  'model.unalias': async (world) => ({
    parameters: { gateway: 'ollama' },
    query: { alias: await aliasOfOllama(world) },
  }),
  'usage.list': nothing,
  'usage.summary': nothing,
  'usage.current': nothing,
  'usage.report': () => ({ query: { from: '2026-01-01', to: '2026-01-31' } }),
  'usage.advise': () => ({ query: { days: '7' } }),
  'audit.list': nothing,
  'signing-key.list': nothing,
  'signing-key.rotate': noFields,
}
