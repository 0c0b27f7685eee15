import type { App } from '../factory.ts'
import type { LimiterMode } from '../limits/limiter.ts'

export interface HealthNeeds {
  /** Whether the database has answered lately. */
  readonly databaseAnswers: () => boolean
  /** Whether the process has been told to end. */
  readonly isDraining: () => boolean
  /** Whether limits are exact over all replicas, or each holds its share of them. */
  readonly limiterMode: () => LimiterMode
}

/**
 * `/livez`: the process runs. `/readyz`: it can serve; load balancers ask here. Nobody has to log in.
 * With local limits it serves as well, and says so.
 */
export function mountHealth(app: App, needs: HealthNeeds): void {
  const { databaseAnswers, isDraining, limiterMode } = needs
  app.get('/livez', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => {
    const checks = {
      database: databaseAnswers(),
      draining: isDraining(),
      limits: limiterMode(),
    }
    const isReady = checks.database && !checks.draining
    return c.json({ status: isReady ? 'ok' : 'unavailable', checks }, isReady ? 200 : 503)
  })
}
