import type { Advice } from '../domain/usage-advice.ts'
import { type UsageAdviceNeeds, usageAdvice } from './usage-advice.ts'
import {
  type UsageReport,
  type UsageReportNeeds,
  type UsageReportQuery,
  usageReport,
} from './usage-report.ts'

/** What administrators learn from the hourly sums. */
export function createUsageReports(needs: UsageReportNeeds & UsageAdviceNeeds) {
  return {
    /** What was used in some time, by whom, and what it cost. Throws not_found as `usageReport` does. */
    report: (query: UsageReportQuery): Promise<UsageReport> => usageReport(needs, query),
    /** What should be done, by the last days. Throws invalid as `usageAdvice` does. */
    advise: (days: number): Promise<Advice> => usageAdvice(needs, days),
  }
}
