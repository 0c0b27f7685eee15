import { readFile } from 'node:fs/promises'

/** A system account to run a server under. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/**
 * The account for a server that refuses to run as root: `undefined` when we are not root. Throws
 * when we are and none of the usual accounts exists.
 */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n')
  for (const wanted of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${wanted}:`))?.split(':') ?? []
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('running as root, and neither "postgres" nor "nobody" is in /etc/passwd')
}
