import { isUsername } from '../domain/username.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** Throws invalid for what can't be a user's name; takes it in lower case. */
export function checkUsername(username: string): void {
  if (isUsername(username)) return
  throw new GatewayError(
    'invalid',
    'a user name has 1 to 64 of the characters a-z 0-9 . _ @ - and begins with a letter or digit',
  )
}
