import type { createAudit } from '../services/audit.ts'
import type { createCurrentUsage } from '../services/current-usage.ts'
import type { createGateways } from '../services/gateways.ts'
import type { createKeys } from '../services/keys.ts'
import type { createLimits } from '../services/limits.ts'
import type { createRegistration } from '../services/registration.ts'
import type { createRoles } from '../services/roles.ts'
import type { createSessions } from '../services/sessions.ts'
import type { createSigningKeyRotation } from '../services/signing-key-rotation.ts'
import type { createUsage } from '../services/usage.ts'
import type { createUsageReports } from '../services/usage-reports.ts'
import type { createUsers } from '../services/users.ts'

/** The use cases that endpoints call: the same as the command line's. */
export interface ApiServices {
  readonly users: ReturnType<typeof createUsers>
  readonly keys: ReturnType<typeof createKeys>
  readonly roles: ReturnType<typeof createRoles>
  readonly gateways: ReturnType<typeof createGateways>
  readonly limits: ReturnType<typeof createLimits>
  readonly usage: ReturnType<typeof createUsage>
  readonly usageReports: ReturnType<typeof createUsageReports>
  readonly currentUsage: ReturnType<typeof createCurrentUsage>
  readonly sessions: ReturnType<typeof createSessions>
  readonly registration: ReturnType<typeof createRegistration>
  readonly signingKeys: ReturnType<typeof createSigningKeyRotation>
  readonly audit: ReturnType<typeof createAudit>
}
