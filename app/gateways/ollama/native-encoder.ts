import { AS_IT_COMES, type Encoder } from '../encoder.ts'
import type { Call, GatewayNeeds } from '../gateway.ts'
import { renamer } from './renamer.ts'

/**
 * Leaves an answer as it comes, but for the model's name where the caller uses another one. With
 * `empty`, what a record holds that says nothing, a caller who waits for a stream is told that we are
 * still there: never by a blank line, at which some clients fail.
 */
export function nativeEncoder(
  { model, askedModel }: Call<unknown>,
  { clock }: Pick<GatewayNeeds, 'clock'>,
  empty: object | null = null,
): Encoder {
  const rename = model === null || model === askedModel ? null : renamer(model, askedModel)
  return {
    ...AS_IT_COMES,
    ...(rename && { lines: rename, document: rename }),
    heartbeat:
      empty &&
      (() => {
        const created_at = new Date(clock.now()).toISOString()
        return `${JSON.stringify({ model: askedModel, created_at, ...empty, done: false })}\n`
      }),
  }
}
