import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'

const USERS = '/etc/passwd'

/**
 * Who runs this, as the system knows them: not from a variable of the environment, which anybody can
 * set. Their number when the machine has no name for it.
 */
export function systemUser(): string {
  const { uid, username } = userInfo()
  // Where there are no numbers, the name is the system's own.
  if (uid < 0) return username
  return nameOf(uid) ?? `uid-${uid}`
}

function nameOf(uid: number): string | undefined {
  try {
    const lines = readFileSync(USERS, 'utf8').split('\n')
    const line = lines.find((entry) => entry.split(':')[2] === String(uid))
    return line?.split(':')[0] || undefined
  } catch {
    return undefined
  }
}
