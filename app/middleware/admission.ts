import type { MiddlewareHandler } from 'hono'
import { GatewayError, toGatewayError } from '../errors/gateway-error.ts'
import { endingOf } from '../usage/ending.ts'
import type { OpenTicket, Ticket } from '../usage/meter.ts'
import type { AllowanceEnv, Work } from './token-bucket.ts'

export interface AdmissionNeeds {
  readonly openTicket: OpenTicket
  /** False when the ledger can take no more rows. */
  readonly ledgerHasRoom: () => boolean
}

export interface AdmittedOperation<Body> {
  readonly gateway: string
  readonly name: string
  /** Null for an operation that makes no tokens. */
  readonly work: Work<Body> | null
}

export interface AdmittedEnv<Body> extends AllowanceEnv<Body> {
  Variables: AllowanceEnv<Body>['Variables'] & { ticket: Ticket }
}

/**
 * Opens the account of the request: from here on it leaves exactly one row, however it ends. Fails
 * closed: what can't be accounted for is not served.
 */
export const admission = <Body>(
  { openTicket, ledgerHasRoom }: AdmissionNeeds,
  { gateway, name, work }: AdmittedOperation<Body>,
): MiddlewareHandler<AdmittedEnv<Body>> =>
  async function admission(c, next) {
    const { settle } = c.get('allowance')
    if (!ledgerHasRoom()) {
      settle?.({ requests: 0, tokens: 0, computeMs: 0 })
      throw new GatewayError(
        'ledger_unavailable',
        'usage cannot be recorded at the moment; try again',
        {
          headers: { 'retry-after': '5' },
        },
      )
    }
    const ticket = openTicket({
      requestId: c.get('requestId'),
      principal: c.get('principal'),
      gateway,
      operation: name,
      model: c.get('placement')?.model.canonical ?? null,
      startedAt: c.get('startedAt'),
      promptBytes: work && (() => work.promptBytes(c.get('body'))),
      onSettled: settle,
    })
    c.set('ticket', ticket)
    await next()
    if (c.error) {
      await ticket.settle(endingOf(toGatewayError(c.error)))
    } else if (!ticket.isDeferred) {
      await ticket.settle({ status: c.res.status, outcome: 'completed' })
    }
  }
