/** What can be permitted beside the use of gateways: whoever has all of these may do everything. */
export const MANAGEMENT_PERMISSIONS = [
  'models:manage',
  'users:manage',
  'roles:manage',
  'limits:manage',
  'gateways:manage',
  'backends:manage',
  'usage:read',
  'audit:read',
  'metrics:read',
  'cloud:use',
] as const

/** Something that can be permitted. Names do not change: they are stored with the roles. */
export type Permission = `gateway:${string}` | (typeof MANAGEMENT_PERMISSIONS)[number]

/** Everything that can be permitted where there are those gateways. */
export const allPermissions = (gateways: readonly string[]): Permission[] => [
  ...gateways.map((name) => `gateway:${name}` as const),
  ...MANAGEMENT_PERMISSIONS,
]

/**
 * Whether somebody who has these permissions may do everything. The gateways are no part of it: one that
 * is added later must take nothing away from administrators.
 */
export const includesEverything = (permissions: ReadonlySet<string>): boolean =>
  MANAGEMENT_PERMISSIONS.every((permission) => permissions.has(permission))

/** The role whose members can do everything; at least one active user always holds it. */
export const ADMIN_ROLE = 'admin'

/** The role of a user who was given no other. */
export const DEFAULT_ROLE = 'basic'

/** The roles that are there from the beginning, and stay. */
export const BUILT_IN_ROLES: readonly string[] = [ADMIN_ROLE, 'premium', DEFAULT_ROLE]

/** Who is served first where hosts are busy, the last first. */
export const PRIORITIES = ['low', 'normal', 'high'] as const
export type Priority = (typeof PRIORITIES)[number]

/** What a role has that neither it nor any that it includes says anything about. */
export const DEFAULT_PRIORITY: Priority = 'normal'
export const DEFAULT_WEIGHT = 100

/** The largest share of a busy host, beside others; the smallest is 1. */
export const MAX_WEIGHT = 1000
