import { isDeepStrictEqual } from 'node:util'

/** Finds the first step after which two of them differ, though some answers come later. */
export interface Comparison {
  /** Whatever is compared from now on belongs to the next step. */
  nextStep(): void
  same(what: string, actual: unknown, expected: unknown): void
  /** The same for an answer that is still to come; it may be looked at in part. */
  later<T>(what: string, answer: Promise<T>, expected: unknown, part?: (answer: T) => unknown): void
  /** Waits for all answers. Throws an error that tells the earliest difference. */
  agree(): Promise<void>
}

export function createComparison(): Comparison {
  let step = 0
  let earliest = Number.POSITIVE_INFINITY
  let difference = ''
  const answers: Promise<void>[] = []

  const compare = (inStep: number, what: string, actual: unknown, expected: unknown): void => {
    if (inStep >= earliest || isDeepStrictEqual(actual, expected)) return
    earliest = inStep
    const [is, wanted] = [actual, expected].map((value) => JSON.stringify(value, null, 1))
    difference = `step ${inStep}, ${what}\nis:\n${is}\nby the oracle:\n${wanted}`
  }

  return {
    nextStep() {
      step++
    },
    same: (what, actual, expected) => compare(step, what, actual, expected),
    later(what, answer, expected, part = (whole) => whole) {
      const inStep = step
      answers.push(
        answer.then(
          (value) => compare(inStep, what, part(value), expected),
          (err: unknown) => compare(inStep, what, String(err), expected),
        ),
      )
    },
    async agree() {
      await Promise.all(answers.splice(0))
      if (difference !== '') throw new Error(difference)
    },
  }
}
