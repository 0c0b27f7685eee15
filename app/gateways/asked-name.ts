import type { Call } from './gateway.ts'

/** As much of a name as refusals of unknown models tell. */
const MAX_NAME = 200

/** Ollama writes some names in full, with the registry and the namespace that others have by default. */
const DEFAULTS = '(?:registry\\.ollama\\.ai/)?(?:library/)?'

/**
 * A text of Ollama's with the model called as the caller called it. Longer names that have the model's in
 * them are others, and stay.
 */
export function withAskedName(
  text: string,
  { model, askedModel }: Pick<Call<unknown>, 'model' | 'askedModel'>,
): string {
  if (model === null || model === askedModel) return text
  const name = `(?<![\\w./-])${DEFAULTS}${RegExp.escape(model)}(?![\\w-]|[.:/]\\w)`
  return text.replace(new RegExp(name, 'g'), () => askedModel.slice(0, MAX_NAME))
}
