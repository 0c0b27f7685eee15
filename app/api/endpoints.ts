import { audit } from './admin/audit.ts'
import { currentUsage } from './admin/current-usage.ts'
import { gateways } from './admin/gateways.ts'
import { invitations } from './admin/invitations.ts'
import { keys } from './admin/keys.ts'
import { limits } from './admin/limits.ts'
import { roles } from './admin/roles.ts'
import { sessions } from './admin/sessions.ts'
import { signingKeys } from './admin/signing-keys.ts'
import { usage } from './admin/usage.ts'
import { usageAdvice } from './admin/usage-advice.ts'
import { usageReport } from './admin/usage-report.ts'
import { usageSummary } from './admin/usage-summary.ts'
import { users } from './admin/users.ts'
import { keys as authKeys } from './auth/keys.ts'
import { registration } from './auth/registration.ts'
import { sessions as authSessions } from './auth/sessions.ts'
import type { Endpoint } from './endpoint.ts'
import { keys as ownKeys } from './me/keys.ts'
import { profile } from './me/profile.ts'
import { sessions as ownSessions } from './me/sessions.ts'
import { usage as ownUsage } from './me/usage.ts'

const AUTH = [...authSessions, registration, ...authKeys]

const ME = [...profile, ...ownSessions, ...ownKeys, ...ownUsage]

const ADMIN = [
  ...users,
  ...roles,
  ...keys,
  ...sessions,
  ...invitations,
  ...limits,
  ...gateways,
  ...usage,
  ...usageSummary,
  ...currentUsage,
  usageReport,
  usageAdvice,
  ...audit,
  ...signingKeys,
]

/** Every endpoint of our own API. */
export const ENDPOINTS: readonly Endpoint[] = [...AUTH, ...ME, ...ADMIN]
