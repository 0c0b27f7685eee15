import type { Mock, MockShape } from '../mock.ts'
import type { Target, TargetPlace } from '../targets/target.ts'

/** What a scenario may start; all of it is stopped when the scenario ends. */
export type Stage = {
  startMock: (shape: MockShape) => Promise<Mock>
  /** Parallama, unless another is asked for. */
  startTarget: (upstreams: Mock[], start?: StartTarget) => Promise<Target>
  /** Has something else stopped when the scenario ends. */
  keep: <S extends Stoppable>(thing: S) => S
  quick: boolean
}

export type StartTarget = (place: TargetPlace) => Promise<Target>
export type Stoppable = { stop: () => Promise<void> }

/** A floor and whether it held; `measured` is for people. */
export type Verdict = { floor: string; measured: string; pass: boolean }

/** What a scenario found: figures for the record, and the floors it judges. */
export type Finding = { figures: Record<string, number>; verdicts: Verdict[] }

/** Polls until `holds`, at most `ms`; false when it never did. */
export async function eventually(holds: () => Promise<boolean>, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > deadline) return false
    await Bun.sleep(50)
  }
  return true
}
