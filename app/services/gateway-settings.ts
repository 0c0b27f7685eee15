import type { Db } from '../../db/client.ts'
import { withDeadline } from '../../db/deadline.ts'
import { type GatewaySettings, toGatewaySettings } from '../domain/gateway-settings.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { type DecisionsByName, decisionsOn, readDecisions } from './gateway-decisions.ts'

/** How long the database may take to tell, in ms. */
const READ_TIMEOUT_MS = 2000

export interface GatewaySettingsNeeds {
  readonly db: Db
  /** Of all gateways. */
  readonly names: readonly string[]
  /** What the configuration says; what is in the database goes before it. */
  readonly fromFile: DecisionsByName
}

/** What is decided about gateways, in the memory of a process that serves them. */
export interface GatewaySettingsCache {
  /** At once when it is known; rejects with database_unavailable when it has to be read and can't be. */
  of(name: string): GatewaySettings | Promise<GatewaySettings>
  /** Has it read again; to be called when the revision has changed. */
  forget(): void
}

type Known = ReadonlyMap<string, GatewaySettings>

export function createGatewaySettings(needs: GatewaySettingsNeeds): GatewaySettingsCache {
  let known: Known | null = null
  let loading: Promise<Known> | null = null

  const load = (): Promise<Known> => {
    const mine = read(needs)
    // One that began before it was to be forgotten may have read what was: it is kept by nobody.
    const ifCurrent = (settle: () => void): void => {
      if (loading !== mine) return
      loading = null
      settle()
    }
    mine.then(
      (all) => ifCurrent(() => (known = all)),
      () => ifCurrent(() => {}),
    )
    loading = mine
    return mine
  }

  return {
    of(name) {
      if (known) return pick(known, name)
      return (loading ?? load()).then((all) => pick(all, name))
    },
    forget() {
      known = null
      loading = null
    },
  }
}

async function read({ db, names, fromFile }: GatewaySettingsNeeds): Promise<Known> {
  try {
    const since = await withDeadline(readDecisions(db), READ_TIMEOUT_MS)
    return new Map(
      names.map((name) => [name, toGatewaySettings(decisionsOn(name, fromFile, since))]),
    )
  } catch (cause) {
    throw new GatewayError(
      'database_unavailable',
      'what is decided about gateways cannot be looked up at the moment; try again',
      { cause, headers: { 'retry-after': '2' } },
    )
  }
}

function pick(all: Known, name: string): GatewaySettings {
  const settings = all.get(name)
  if (settings) return settings
  throw new Error(`there is no gateway ${name}`)
}
