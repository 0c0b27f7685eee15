import { cpuMicros, watchCore } from './cpu.ts'
import { LOAD_CORE, TARGET_CORE } from './pinning.ts'
import type { Target } from './targets/target.ts'

const BUSY_LOAD_CORE = 0.7
const OTHERS_ON_TARGET_CORE = 0.1

/**
 * Watches what could spoil a measurement: a load generator short of CPU, and other programs on the
 * targets' core. The returned function says how it was since the start.
 */
export function watchDisturbance(targets: Target[]): () => string {
  // A process may be measured as several targets.
  const pids = [...new Set(targets.flatMap(({ pid }) => pid ?? []))]
  const ours = () => pids.reduce((sum, pid) => sum + cpuMicros(pid), 0)
  const before = { at: performance.now(), cpu: ours() }
  const loadCore = watchCore(LOAD_CORE)
  const targetCore = watchCore(TARGET_CORE)
  return () => {
    const elapsedMicros = (performance.now() - before.at) * 1000
    const load = loadCore()
    const others = Math.max(0, targetCore() - (ours() - before.cpu) / elapsedMicros)
    const isDisturbed = load > BUSY_LOAD_CORE || others > OTHERS_ON_TARGET_CORE
    const warning = isDisturbed ? ': A BUSY MACHINE, trust the ratios more than the figures' : ''
    return `load core ${percent(load)} busy, others on the target core ${percent(others)}${warning}`
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}
