import type { Told } from './client.ts'

/** Nothing was said. */
export const SILENCE: Told = {
  text: '',
  thinking: '',
  calls: [],
  promptTokens: 0,
  completionTokens: 0,
}

/** All pieces of an answer as one. */
export async function gathered(pieces: AsyncIterable<Partial<Told>>): Promise<Told> {
  let told = SILENCE
  for await (const piece of pieces) {
    told = {
      text: told.text + (piece.text ?? ''),
      thinking: told.thinking + (piece.thinking ?? ''),
      calls: [...told.calls, ...(piece.calls ?? [])],
      promptTokens: piece.promptTokens ?? told.promptTokens,
      completionTokens: piece.completionTokens ?? told.completionTokens,
    }
  }
  return told
}
