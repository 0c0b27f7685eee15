import type { App } from '../factory.ts'

export interface HealthNeeds {
  /** Whether the database has answered lately. */
  readonly databaseAnswers: () => boolean
  /** Whether the process has been told to end. */
  readonly isDraining: () => boolean
}

/** `/livez`: the process runs. `/readyz`: it can serve; load balancers ask here. Nobody has to log in. */
export function mountHealth(app: App, { databaseAnswers, isDraining }: HealthNeeds): void {
  app.get('/livez', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => {
    const checks = { database: databaseAnswers(), draining: isDraining() }
    const isReady = checks.database && !checks.draining
    return c.json({ status: isReady ? 'ok' : 'unavailable', checks }, isReady ? 200 : 503)
  })
}
