import { group } from '../../command.ts'

const set = () => import('./set.ts').then((m) => m.ratelimitSet)
const get = () => import('./get.ts').then((m) => m.ratelimitGet)
const reset = () => import('./reset.ts').then((m) => m.ratelimitReset)
const simulate = () => import('./simulate.ts').then((m) => m.ratelimitSimulate)

export const ratelimit = group({
  meta: { name: 'ratelimit', description: 'How much users, roles and keys may use' },
  subCommands: { set, get, reset, simulate },
})

/** The same under other names. */
export const limits = group({
  meta: { name: 'limits', description: 'The same as ratelimit' },
  subCommands: { set, show: get, reset, simulate },
})
