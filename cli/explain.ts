import { SecretError } from '../app/auth/secrets.ts'
import { ConfigError } from '../app/config.ts'
import { GatewayError } from '../app/errors/gateway-error.ts'
import { StartupError } from '../app/errors/startup-error.ts'

const EXPECTED = [ConfigError, GatewayError, SecretError, StartupError]

/** What people are told about an error that was foreseen; undefined for any other. */
export function explain(error: unknown): { message: string; hint?: string } | undefined {
  if (!(error instanceof Error)) return undefined
  if (EXPECTED.some((kind) => error instanceof kind)) return { message: error.message }
  return fileProblem(error)
}

function fileProblem(error: Error): { message: string } | undefined {
  const { code, path } = error as NodeJS.ErrnoException
  if (!path) return undefined
  if (code === 'EACCES' || code === 'EPERM')
    return { message: `no permission to use ${path}; check its owner and mode` }
  if (code === 'EROFS')
    return { message: `${path} is on a read-only file system; choose another with --data-dir` }
  if (code === 'ENOSPC')
    return { message: `the disk that holds ${path} is full; make room and try again` }
  if (code === 'ENOTDIR' || code === 'EEXIST' || code === 'ENOENT')
    return { message: `${path} can't be made or used (${code}); choose another with --data-dir` }
  return undefined
}
