import type { Principal } from '../../../app/domain/grant.ts'
import type { GatewayError } from '../../../app/errors/gateway-error.ts'
import type { ComputeBudget } from '../../../app/limits/compute-budget.ts'
import { createLiveRequests } from '../../../app/services/live-requests.ts'
import { createClock } from '../support/clock.ts'
import { principal } from '../support/principal.ts'

const DEADLINES = { firstByteMs: 600, idleMs: 300, totalMs: 3600, heartbeatMs: 100 }

interface Options {
  readonly who?: Principal
  readonly allowed?: (now: Principal) => boolean
  readonly hasDeadline?: boolean
  readonly onSilence?: () => void
  readonly compute?: Pick<ComputeBudget, 'ms' | 'extend' | 'spent'> | null
}

/** Live requests whose principals are read again by `reload`. */
export function createLiveSetup(
  reload: (before: Principal) => Promise<Principal | null> = async (p) => p,
) {
  const clock = createClock()
  const reloads: string[] = []
  const outdated = new Set<Principal>()
  const live = createLiveRequests({
    clock,
    isCurrent: (who) => !outdated.has(who),
    deadlines: DEADLINES,
    reload: (before) => {
      reloads.push(before.keyId)
      return reload(before)
    },
  })
  const add = ({ who = principal(), allowed = () => true, ...rest }: Options = {}) => {
    const cuts: GatewayError[] = []
    const handle = live.add({
      principal: who,
      isStillAllowed: allowed,
      hasDeadline: rest.hasDeadline ?? true,
      compute: rest.compute ?? null,
      onSilence: rest.onSilence,
      cut: (err) => {
        cuts.push(err)
        handle.end()
      },
    })
    return { handle, cuts, codes: () => cuts.map(({ code }) => code) }
  }
  return { live, clock, reloads, outdated, add }
}
