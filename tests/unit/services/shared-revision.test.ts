import { describe, expect, test } from 'bun:test'
import { createSharedRevision, UNSHARED } from '../../../app/services/shared-revision.ts'

/** A store whose answers are given one by one. */
function setUp() {
  const questions: PromiseWithResolvers<number>[] = []
  const raised: number[] = []
  const revision = createSharedRevision({
    read() {
      const question = Promise.withResolvers<number>()
      questions.push(question)
      return question.promise
    },
    async raise(number) {
      raised.push(number)
    },
  })
  return { revision, questions, raised }
}

describe('the newest revision', () => {
  test('is what the store says', async () => {
    const { revision, questions } = setUp()
    const asked = revision.latest()
    questions[0]?.resolve(7)
    expect(await asked).toBe(7)
  })

  test('is never from a question that was asked before', async () => {
    const { revision, questions } = setUp()
    const before = revision.latest()
    const after = revision.latest()
    questions[0]?.resolve(7)
    expect(await before).toBe(7)
    await Promise.resolve()
    questions[1]?.resolve(8)
    expect(await after).toBe(8)
  })

  test('takes one question for all who want to know at the same time', async () => {
    const { revision, questions } = setUp()
    const first = revision.latest()
    const others = Array.from({ length: 100 }, () => revision.latest())
    questions[0]?.resolve(7)
    await first
    while (questions.length < 2) await Promise.resolve()
    questions[1]?.resolve(8)
    expect(new Set(await Promise.all(others))).toEqual(new Set([8]))
    expect(questions).toHaveLength(2)
  })

  test('is unknown while the store does not answer, and asked for again after that', async () => {
    const { revision, questions } = setUp()
    const failed = revision.latest()
    questions[0]?.reject(new Error('gone'))
    expect(await failed).toBeNull()
    const asked = revision.latest()
    questions[1]?.resolve(9)
    expect(await asked).toBe(9)
  })
})

test('a change is announced, and one that can’t be is no error', async () => {
  const { revision, raised } = setUp()
  await revision.announce(3)
  expect(raised).toEqual([3])
  const silent = createSharedRevision({
    read: () => Promise.reject(new Error('gone')),
    raise: () => Promise.reject(new Error('gone')),
  })
  expect(await silent.announce(4)).toBeUndefined()
  expect(await UNSHARED.latest()).toBeNull()
})
