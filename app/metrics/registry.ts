import { Gauge, Registry } from 'prom-client'
import { createLedgerMetrics, type LedgerMetrics } from './ledger.ts'
import { createLimitMetrics, type LimitMetrics } from './limits.ts'
import { registerProcess } from './process.ts'
import { createRequestMetrics, type RequestMetrics } from './requests.ts'

export interface Metrics {
  /** Everything as it is now, in Prometheus' text format 0.0.4. */
  text(): Promise<string>
  readonly limits: LimitMetrics
  readonly requests: RequestMetrics
  readonly ledger: LedgerMetrics
}

/** All families in a registry of their own; nothing runs between two calls of `text`. */
export function createMetrics({ version }: { readonly version: string }): Metrics {
  const registry = new Registry()
  const build = new Gauge({
    name: 'parallama_build_info',
    help: 'Always 1; the label says which version runs',
    labelNames: ['version'],
    registers: [registry],
  })
  build.set({ version }, 1)
  registerProcess(registry)
  return {
    text: () => registry.metrics(),
    limits: createLimitMetrics(registry),
    requests: createRequestMetrics(registry),
    ledger: createLedgerMetrics(registry),
  }
}
