/** Holds a process lock until it is ended: `bun hold-process-lock.ts FILE`. */
import { takeProcessLock } from '../../../../db/process-lock.ts'

const lock = takeProcessLock(process.argv[2] ?? '')
process.stdout.write(lock ? 'held\n' : 'busy\n')
await new Promise(() => setInterval(() => {}, 1000))
