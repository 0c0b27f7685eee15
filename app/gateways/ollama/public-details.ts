/** A model's details without what it was made from: a path of the host, or another model's name. */
export const publicDetails = (details: unknown): unknown =>
  details !== null && typeof details === 'object' && 'parent_model' in details
    ? { ...details, parent_model: '' }
    : details

/** An entry of a list of models, as somebody may see it who does not manage them. */
export const publicEntry = <Entry extends { readonly details?: unknown }>(entry: Entry): Entry =>
  entry.details === undefined ? entry : { ...entry, details: publicDetails(entry.details) }
