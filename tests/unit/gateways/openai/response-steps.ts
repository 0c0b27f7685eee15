const ADDED = 'response.output_item.added'
const DONE = 'response.output_item.done'

/** The item of what a model said. */
export const message = (id: string, text: string, status = 'completed') => ({
  id,
  type: 'message',
  status,
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
})

/** The events that tell it, the text of which comes in these pieces. */
export const messageSteps = (
  id: string,
  output_index: number,
  deltas: string[],
  status?: string,
) => {
  const item = message(id, deltas.join(''), status)
  const place = { item_id: id, output_index, content_index: 0 }
  const part = { type: 'output_text', text: '', annotations: [], logprobs: [] }
  const begun = { ...item, status: 'in_progress', content: [] }
  return [
    { type: ADDED, output_index, item: begun },
    { type: 'response.content_part.added', ...place, part },
    ...deltas.map((delta) => ({
      type: 'response.output_text.delta',
      ...place,
      delta,
      logprobs: [],
    })),
    { type: 'response.output_text.done', ...place, text: deltas.join(''), logprobs: [] },
    { type: 'response.content_part.done', ...place, part: item.content[0] },
    { type: DONE, output_index, item },
  ]
}

/** The item of what it thought. */
export const reasoning = (id: string, text: string, status = 'completed') => ({
  id,
  type: 'reasoning',
  status,
  summary: [{ type: 'summary_text', text }],
})

/** The events that tell it. */
export const reasoningSteps = (
  id: string,
  output_index: number,
  deltas: string[],
  status?: string,
) => {
  const item = reasoning(id, deltas.join(''), status)
  const place = { item_id: id, output_index, summary_index: 0 }
  const name = 'response.reasoning_summary'
  return [
    { type: ADDED, output_index, item: { ...item, status: 'in_progress', summary: [] } },
    { type: `${name}_part.added`, ...place, part: { type: 'summary_text', text: '' } },
    ...deltas.map((delta) => ({ type: `${name}_text.delta`, ...place, delta })),
    { type: `${name}_text.done`, ...place, text: deltas.join('') },
    { type: `${name}_part.done`, ...place, part: item.summary[0] },
    { type: DONE, output_index, item },
  ]
}

/** The events that tell of a call; `call` is what its item says. */
export const callSteps = (
  output_index: number,
  call: Readonly<Record<'id' | 'call_id' | 'name' | 'arguments', string>>,
) => {
  const item = { type: 'function_call', status: 'completed', ...call }
  const place = { item_id: call.id, output_index }
  const name = 'response.function_call_arguments'
  return [
    { type: ADDED, output_index, item: { ...item, status: 'in_progress', arguments: '' } },
    { type: `${name}.delta`, ...place, delta: call.arguments },
    { type: `${name}.done`, ...place, name: call.name, arguments: call.arguments },
    { type: DONE, output_index, item },
  ]
}
