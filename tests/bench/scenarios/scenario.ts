import type { Mock, MockShape } from '../mock.ts'
import type { Target } from '../targets/target.ts'

/** What a scenario may start; all of it is stopped when the scenario ends. */
export type Stage = {
  startMock: (shape: MockShape) => Promise<Mock>
  startTarget: (upstreams: Mock[]) => Promise<Target>
  quick: boolean
}

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
