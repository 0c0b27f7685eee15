import { CliError } from '../errors.ts'

interface ChatRecord {
  readonly message?: { readonly content?: string; readonly thinking?: string }
  readonly error?: string
}

/** Streams one chat through the gateway and hands over each piece of the answer as it arrives. */
export async function streamChat(
  url: string,
  key: string,
  chat: { readonly model: string; readonly question: string },
  onText: (text: string) => void,
): Promise<void> {
  const messages = [{ role: 'user', content: chat.question }]
  const response = await fetch(`${url}/ollama/api/chat`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: chat.model, messages }),
  })
  if (!response.ok || !response.body) {
    throw new CliError(`the gateway answered ${response.status}: ${await response.text()}`)
  }
  for await (const line of linesOf(response.body)) {
    const record = JSON.parse(line) as ChatRecord
    if (record.error) throw new CliError(`the answer broke off: ${record.error}`)
    onText(record.message?.content || record.message?.thinking || '')
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter(Boolean)
  }
  if (rest) yield rest
}
