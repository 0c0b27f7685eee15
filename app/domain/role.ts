/** The gateways a permission can name. */
export const GATEWAYS = ['ollama', 'openai', 'anthropic'] as const

const MANAGEMENT = [
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

/** Everything that can be permitted. Names do not change: they are stored with the roles. */
export type Permission = `gateway:${(typeof GATEWAYS)[number]}` | (typeof MANAGEMENT)[number]

/** The role whose members can do everything; at least one active user always holds it. */
export const ADMIN_ROLE = 'admin'

/** The role of a user who was given no other. */
export const DEFAULT_ROLE = 'basic'
