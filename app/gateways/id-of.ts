/** A new id that nothing else has; `prefix` says of what it is, as in `chatcmpl-…`. */
export const idOf = (prefix: string, newId: () => string): string =>
  prefix + newId().replaceAll('-', '')
