import type { TestUser } from '../../support/gateway/people.ts'
import { MODEL } from '../../support/gateway/stage.ts'

const PAUSE_MS = 20

export interface ClientsOptions {
  /** Where the gateway is at the moment. */
  readonly url: () => string
  readonly user: TestUser
  /** How many ask at a time. */
  readonly clients: number
  /** How many answers they are to see to their end, all together. */
  readonly until: () => boolean
}

/** What clients have seen. */
export interface Seen {
  /** The requests whose answer came to its end. */
  readonly finished: Set<string>
  /** How many failed or were cut. */
  cut: number
}

/** Asks again and again, half of it as streams, each request with an id of its own as its last word. */
export async function askOnAndOn(options: ClientsOptions, seen: Seen): Promise<void> {
  let asked = 0
  const client = async (name: number): Promise<void> => {
    while (!options.until()) {
      const id = `c${name}-${asked++}`
      if (await isAnswered(options, id, asked % 2 === 0)) {
        seen.finished.add(id)
      } else {
        seen.cut++
        await Bun.sleep(PAUSE_MS)
      }
    }
  }
  await Promise.all(Array.from({ length: options.clients }, (_, i) => client(i)))
}

async function isAnswered(
  { url, user }: ClientsOptions,
  id: string,
  stream: boolean,
): Promise<boolean> {
  try {
    const response = await fetch(`${url()}/ollama/api/chat`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${user.key}`,
        'content-type': 'application/json',
        'x-request-id': id,
      },
      body: JSON.stringify({
        model: MODEL,
        stream,
        messages: [{ role: 'user', content: `so ${id}` }],
      }),
    })
    const text = await response.text()
    // The final record is what tells a client that it has all: it may never see the end of the connection.
    return response.status === 200 && text.includes('"done":true')
  } catch {
    return false
  }
}
