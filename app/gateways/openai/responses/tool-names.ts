/** What a caller calls a tool, and what kind it is: its calls are told in that kind's words. */
export interface ToldTool {
  readonly kind: 'function' | 'custom'
  readonly name: string
  readonly namespace?: string | undefined
}

/** What the model is told that a tool is called: with the name of its group before its own. */
export const nativeName = ({ name, namespace }: Omit<ToldTool, 'kind'>): string =>
  namespace ? `${namespace}.${name}` : name
