import type { ColumnType } from 'kysely'
import type {
  ApiKeyAddressesTable,
  ApiKeyScopesTable,
  ApiKeysTable,
  IdempotencyKeysTable,
  InvitationsTable,
  Optional,
  SessionsTable,
  SigningKeysTable,
} from './schema-identity.ts'
import type { RequestsTable, UsageHourlyTable } from './schema-ledger.ts'

export type * from './schema-identity.ts'
export type * from './schema-ledger.ts'

/** Times are epoch ms, flags 0 or 1, ids text: the same on SQLite and PostgreSQL. */
export interface Schema {
  users: UsersTable
  roles: RolesTable
  role_permissions: RolePermissionsTable
  model_policies: ModelPoliciesTable
  user_roles: UserRolesTable
  api_keys: ApiKeysTable
  api_key_scopes: ApiKeyScopesTable
  api_key_addresses: ApiKeyAddressesTable
  sessions: SessionsTable
  signing_keys: SigningKeysTable
  invitations: InvitationsTable
  idempotency_keys: IdempotencyKeysTable
  gateways: GatewaysTable
  model_aliases: ModelAliasesTable
  limits: LimitsTable
  limit_buckets: LimitBucketsTable
  requests: RequestsTable
  usage_hourly: UsageHourlyTable
  audit_log: AuditLogTable
  revision: RevisionTable
}

export interface UsersTable {
  id: string
  username: string
  password_hash: string | null
  disabled: number
  created_at: number
  updated_at: number
  /** A deleted user's row stays, so that the usage keeps its owner; the name is free again. */
  deleted_at: number | null
}

export interface RolesTable {
  id: string
  name: string
  parent_id: string | null
  description: string
  created_at: number
  /** The share of a busy host that a member gets, beside others; null takes the parent's. */
  weight: Optional<number>
  /** `low`, `normal` or `high`; null takes the parent's. */
  priority: Optional<string>
}

export interface RolePermissionsTable {
  role_id: string
  permission: string
}

/** Which models the members of a role may use. */
export interface ModelPoliciesTable {
  role_id: string
  pattern: string
}

export interface UserRolesTable {
  user_id: string
  role_id: string
  granted_at: number
  expires_at: number | null
}

/** What administrators have decided about gateways. */
export interface GatewaysTable {
  name: string
  /** 0 or 1; null as in the configuration. */
  enabled: number | null
  /** A canonical model name, or '' for none; null as in the configuration. */
  default_model: string | null
  updated_at: number
}

/** Names under which models can be asked for. */
export interface ModelAliasesTable {
  gateway: string
  /** In lower case, perhaps with `*` for any text. */
  alias: string
  /** A canonical model name. */
  model: string
  created_at: number
  updated_at: number
}

/** Who may use how much. */
export interface LimitsTable {
  id: string
  /** `user`, `key` or `role`. */
  subject_kind: string
  subject_id: string
  /** 1 for a role's budget that all its members share; 0 for what each has alone. */
  shared: number
  /** A gateway, or `*` for all of them together. */
  gateway: string
  /** A canonical model name, or `*`. */
  model: string
  unit: string
  window: string
  amount: number
  /** 1 for a rule that is only watched. */
  shadow: number
  created_at: number
  updated_at: number
}

/** How full buckets were when a single server last wrote them down. */
export interface LimitBucketsTable {
  /** `user:ID` or `role:ID`. */
  holder: string
  bucket: string
  debt: number
  tick: number
  held: number
  refusals: number
  updated_at: number
  /** When an administrator last emptied it; the server does so too when it sees this. */
  reset_at: ColumnType<number, number | undefined, number>
}

export interface AuditLogTable {
  id: string
  at: number
  actor: string
  action: string
  target: string
  /** What changed, as JSON; never a secret. */
  detail: string
  /** From where, if that can be told. */
  address: string | null
  /** The request that asked for it, if it was one. */
  request_id: string | null
  /** `done` or `refused`. */
  outcome: string
}

/** One row: a counter raised in the transaction of each change to users, keys, roles or policies. */
export interface RevisionTable {
  id: number
  value: number
}
