/** Where all servers and the command line can say which revision is the newest. */
export interface RevisionStore {
  /** The newest revision that anybody has said, 0 for none; rejects when nobody answers. */
  read(): Promise<number>
  /** Says that there is this revision. */
  raise(revision: number): Promise<void>
}

/** What is known of the newest revision without asking the database. */
export interface SharedRevision {
  /**
   * The newest revision that was said before this call, or null when that can't be told: then changes
   * are seen as the database announces them, within a second.
   */
  latest(): Promise<number | null>
  /** Tells all others. Never rejects: who can't be told here sees it in the database. */
  announce(revision: number): Promise<void>
}

/** What one process has to say to nobody. */
export const UNSHARED: SharedRevision = {
  latest: async () => null,
  announce: async () => {},
}

/** Asks once for all who want to know at the same time, but never uses an answer older than a question. */
export function createSharedRevision(store: RevisionStore): SharedRevision {
  let running: Promise<number | null> | null = null
  let next: Promise<number | null> | null = null

  const read = (): Promise<number | null> => {
    running = store
      .read()
      .catch(() => null)
      .finally(() => {
        running = null
      })
    return running
  }

  return {
    async latest() {
      if (!running) return await read()
      // The question that is out may have been answered before this one was asked.
      next ??= running.then(() => {
        next = null
        return read()
      })
      return await next
    },

    async announce(revision) {
      await store.raise(revision).catch(() => {})
    },
  }
}
