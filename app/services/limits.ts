import { deleteLimits, listLimits, upsertLimits } from '../../db/queries/limits.ts'
import { ANY } from '../domain/limit.ts'
import type { BucketReader } from '../limits/bucket-reader.ts'
import type { Actor } from './actor.ts'
import { appliedLimits } from './applied-limits.ts'
import { type ChangeNeeds, change, raiseAgain } from './change.ts'
import { requireInstalled } from './installed.ts'
import { requireOthersLimits } from './limit-authority.ts'
import { ownBuckets } from './limit-buckets.ts'
import { knownGateway, type Proposal, proposedRules } from './limit-proposal.ts'
import {
  checkedSelection,
  isSame,
  type NewRule,
  noSuchRule,
  type RuleSelection,
  type SetRule,
  toSetRule,
} from './limit-rules.ts'
import { type Simulation, type SimulationNeeds, simulateRules } from './limit-simulation.ts'
import { type LimitStatus, statusesOf } from './limit-status.ts'
import { requireLiveSubject, requireSubject, type Subject, targetOf } from './limit-subject.ts'

export interface LimitsNeeds extends ChangeNeeds, SimulationNeeds {
  readonly buckets: BucketReader
  /** The names of the gateways that limits can be for. */
  readonly gateways: readonly string[]
  /** The models on all hosts, by their canonical names; null when that can't be told. */
  readonly installedModels: () => Promise<readonly string[] | null>
}

export interface LimitReport {
  /** As of when, in epoch ms, by the clock of the store that keeps the buckets. */
  readonly at: number
  readonly limits: readonly LimitStatus[]
}

/** What can be done to limits. All of it is done or nothing; errors are GatewayErrors. */
export function createLimits(needs: LimitsNeeds) {
  const { db, clock, newId, buckets, gateways, installedModels } = needs

  return {
    /**
     * Sets one rule for each amount, in place of an earlier one for the same. Throws invalid for what
     * can't be set, not_found for an unknown subject, conflict for a key that works no more, and
     * forbidden for limits that hold for the actor.
     */
    async set(actor: Actor, subject: Subject, proposal: Proposal): Promise<NewRule[]> {
      const rules = proposedRules(subject, proposal, gateways)
      const [{ model } = { model: ANY }] = rules
      if (model !== ANY) requireInstalled(model, await installedModels())
      const shared = proposal.shared ?? false
      const entry = { actor, action: 'limit.set', target: targetOf(subject) }
      return await change(needs, entry, async (tx) => {
        const now = clock.now()
        const found = await requireLiveSubject(tx, subject, now)
        await requireOthersLimits(tx, actor, found, now)
        const known = (await listLimits(tx, found)).map(toSetRule)
        const common = { subject_kind: found.kind, subject_id: found.id, shared: Number(shared) }
        await upsertLimits(
          tx,
          rules.map((rule) => ({
            ...common,
            ...rule,
            id: newId(),
            shadow: Number(rule.shadow),
            created_at: now,
            updated_at: now,
          })),
        )
        const result = rules.map((rule) => {
          const before = known.find((other) => isSame(other, { ...rule, shared }))?.amount ?? null
          return { ...rule, shared, before }
        })
        return { result, detail: { rules: result } }
      })
    },

    /**
     * All limits that apply to requests of the subject, through one gateway or through each, with what
     * is left of them. Throws not_found, and invalid for a gateway that does not exist.
     */
    async get(subject: Subject, gateway?: string): Promise<LimitReport> {
      if (gateway !== undefined) knownGateway(gateway, gateways)
      const found = await requireSubject(db, subject)
      const limits = (await appliedLimits(db, found, clock.now())).filter(
        (limit) => gateway === undefined || [gateway, ANY].includes(limit.gateway),
      )
      const now = await buckets.read([...new Set(limits.map(({ holder }) => holder))])
      return { at: now.at, limits: statusesOf(limits, now) }
    },

    /**
     * Removes rules, and returns them. Throws not_found with what there is when none is like that, and
     * forbidden for limits that hold for the actor.
     */
    async reset(actor: Actor, subject: Subject, selection: RuleSelection): Promise<SetRule[]> {
      const filter = checkedSelection(selection, gateways)
      const entry = { actor, action: 'limit.reset', target: targetOf(subject) }
      return await change(needs, entry, async (tx) => {
        const found = await requireSubject(tx, subject)
        await requireOthersLimits(tx, actor, found, clock.now())
        const removed = (await listLimits(tx, found, filter)).map(toSetRule)
        if (removed.length === 0) throw await noSuchRule(tx, found, filter)
        await deleteLimits(tx, found, filter)
        return { result: removed, detail: { rules: removed } }
      })
    },

    /**
     * Gives back what was used and leaves the rules; of a role to all its members. Returns how many
     * buckets are empty now. Throws not_found when nothing limits the subject like that, and forbidden
     * for limits that hold for the actor.
     */
    async resetUsed(actor: Actor, subject: Subject, selection: RuleSelection): Promise<number> {
      const filter = checkedSelection(selection, gateways)
      const entry = { actor, action: 'limit.reset-used', target: targetOf(subject) }
      const limits = await change(needs, entry, async (tx) => {
        const now = clock.now()
        const found = await requireSubject(tx, subject)
        await requireOthersLimits(tx, actor, found, now)
        const limits = (await ownBuckets(tx, found, now)).filter(
          (limit) =>
            limit.gateway === filter.gateway &&
            (filter.model === undefined || limit.model === filter.model) &&
            (!filter.shadowOnly || limit.shadow) &&
            (!filter.sharedOnly || limit.scope === 'shared'),
        )
        const rules = await listLimits(tx, found, filter)
        if (limits.length === 0 && rules.length === 0) throw await noSuchRule(tx, found, filter)
        return { result: limits, detail: { ...filter, buckets: limits.length } }
      })
      for (const [holder, held] of Map.groupBy(limits, (limit) => limit.holder)) {
        await buckets.empty(
          holder,
          held.map(({ bucket }) => bucket),
        )
      }
      // Servers look for emptied buckets when the revision has been raised.
      await raiseAgain(needs)
      return limits.length
    },

    /**
     * What rules would have done to the requests of the last days, had they been set then; nothing is
     * changed. Throws as `set` does, and invalid for a number of days that is not 1 to 3650.
     */
    async simulate(
      subject: Subject,
      proposal: Proposal,
      { days }: { readonly days: number },
    ): Promise<Simulation[]> {
      const rules = proposedRules(subject, proposal, gateways)
      const found = await requireSubject(db, subject)
      return await simulateRules(needs, found, rules, { days, shared: proposal.shared ?? false })
    },
  }
}
