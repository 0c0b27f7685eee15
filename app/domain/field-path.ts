/** The way to a place in JSON: keys of objects and indices of lists. */
export type Path = readonly PropertyKey[]

/** A path as people write it: `messages[0].content`. */
export const fieldPath = (path: Path): string =>
  path.reduce<string>(
    (text, step) =>
      typeof step === 'number'
        ? `${text}[${step}]`
        : text
          ? `${text}.${String(step)}`
          : String(step),
    '',
  )
