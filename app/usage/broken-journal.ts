import type { Journal } from './journal.ts'

/** Takes nothing, as on a disk that is full or can't be written. */
export const createBrokenJournal = (): Journal => ({
  kept: 0,
  isWritable: false,
  async keep() {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  },
  async replay() {},
  async close() {},
})
