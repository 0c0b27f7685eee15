/** Said with the text of a key that is stored nowhere. */
export const KEEP_IT =
  'Keep the key now: it is stored only as a digest and can never be shown again.'
