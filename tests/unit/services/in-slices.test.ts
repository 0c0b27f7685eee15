import { describe, expect, test } from 'bun:test'
import { inSlices } from '../../../app/services/in-slices.ts'

const SLICE_MS = 10 * 86_400_000
const FROM = Date.parse('2026-11-01T00:00:00Z')

describe('a long time that is read in slices', () => {
  test.each([0, 1, SLICE_MS - 1, SLICE_MS, SLICE_MS + 1, 520.5 * SLICE_MS])(
    'of %p ms is read once, without a gap, in its order',
    async (lengthMs) => {
      const until = FROM + lengthMs
      const slices = await inSlices({ from: FROM, until }, async (slice) => {
        await Bun.sleep(slice.from % 3)
        return [slice]
      })
      expect(slices).toHaveLength(Math.ceil(lengthMs / SLICE_MS))
      expect(slices.map(({ from }) => from)).toEqual(slices.map((_, i) => FROM + i * SLICE_MS))
      expect(slices.slice(1).map(({ from }) => from)).toEqual(
        slices.slice(0, -1).map((slice) => slice.until),
      )
      expect(slices.at(-1)?.until ?? until).toBe(until)
    },
  )

  test('is read three slices at a time, and others get their turn between them', async () => {
    let running = 0
    let most = 0
    let isOthersTurn = false
    setImmediate(() => {
      isOthersTurn = true
    })
    await inSlices({ from: FROM, until: FROM + 300 * SLICE_MS }, async () => {
      most = Math.max(most, ++running)
      await Promise.resolve()
      running--
      return []
    })
    expect(most).toBe(3)
    expect(isOthersTurn).toBe(true)
  })

  test('fails when one of them can’t be read', async () => {
    const broken = async (): Promise<never[]> => {
      throw new Error('broken')
    }
    await expect(inSlices({ from: FROM, until: FROM + SLICE_MS }, broken)).rejects.toThrow('broken')
  })
})
