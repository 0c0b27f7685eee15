import { z } from 'zod'
import { type AnswerRequest, answer, embedding, stampOf } from './simulated-answer.ts'
import {
  psEntry,
  showEntry,
  simulatedModel,
  simulatedVersion,
  tagsEntry,
} from './simulated-model.ts'

/** How the simulation is started. */
export interface SimulatedOllamaOptions {
  /** Loopback port; any free one by default. */
  readonly port?: number
  /** Awaited before each token; 30 ms by default, about as fast as a person reads. */
  readonly pace?: () => Promise<unknown>
}

/** A running simulation. */
export interface SimulatedOllama {
  readonly url: string
  stop(): Promise<void>
}

const requestBody = z.object({
  model: z.string().default(''),
  messages: z.array(z.object({ content: z.string().default('') })).default([]),
  prompt: z.string().default(''),
  input: z.union([z.string().transform((text) => [text]), z.array(z.string())]).default([]),
  stream: z.boolean().default(true),
  keep_alive: z.union([z.number(), z.string()]).optional(),
  options: z.object({ num_predict: z.number().default(-1) }).prefault({}),
})
type Body = z.infer<typeof requestBody>
type Shape = (text: string) => object

const chatShape: Shape = (content) => ({ message: { role: 'assistant', content } })
const generateShape: Shape = (response) => ({ response })

/**
 * Starts a stand-in for Ollama on 127.0.0.1, for trying Parallama where no Ollama runs. It says in
 * every answer that it is simulated. Rejects when the port is taken.
 */
export async function startSimulatedOllama(
  options: SimulatedOllamaOptions = {},
): Promise<SimulatedOllama> {
  const pace = options.pace ?? (() => Bun.sleep(30))
  const generation = (shape: Shape, promptsOf: (body: Body) => readonly string[]) => ({
    POST: (request: Request) =>
      withModel(request, (body) =>
        generate(body, shape, {
          prompts: promptsOf(body),
          maxTokens: body.options.num_predict,
          left: request.signal,
          pace,
        }),
      ),
  })
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: options.port ?? 0,
    idleTimeout: 0,
    routes: {
      '/': () => new Response('Ollama is running'),
      '/api/version': () => Response.json({ version: simulatedVersion }),
      '/api/tags': () => Response.json({ models: [tagsEntry] }),
      '/api/ps': () => Response.json({ models: [psEntry(Date.now())] }),
      '/api/show': { POST: (request) => withModel(request, () => Response.json(showEntry)) },
      '/api/embed': { POST: (request) => withModel(request, embed) },
      '/api/generate': generation(generateShape, ({ prompt }) => (prompt ? [prompt] : [])),
      '/api/chat': generation(chatShape, ({ messages }) => messages.map((one) => one.content)),
    },
    fetch: () => new Response('404 page not found', { status: 404 }),
  })
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) }
}

async function withModel(
  request: Request,
  respond: (body: Body) => Response | Promise<Response>,
): Promise<Response> {
  const body = requestBody.safeParse(await request.json().catch(() => undefined))
  if (!body.success) return refusal(400, z.prettifyError(body.error))
  const { model } = body.data
  if (model.toLowerCase() !== simulatedModel) return refusal(404, `model '${model}' not found`)
  return respond(body.data)
}

function refusal(status: number, error: string): Response {
  return Response.json({ error }, { status })
}

function embed({ model, input }: Body): Response {
  const prompt_eval_count = input.join(' ').split(/\s+/).length
  return Response.json({ model, embeddings: input.map(embedding), prompt_eval_count })
}

async function generate(body: Body, shape: Shape, request: AnswerRequest): Promise<Response> {
  if (request.prompts.length === 0) {
    const done_reason = body.keep_alive === 0 ? 'unload' : 'load'
    return Response.json({ ...stampOf(body.model), ...shape(''), done: true, done_reason })
  }
  const tokens = answer(request)
  if (body.stream) {
    const records = ndjson(tokens, (text) => ({ ...stampOf(body.model), ...shape(text) }))
    return new Response(records, { headers: { 'content-type': 'application/x-ndjson' } })
  }
  let text = ''
  let step = await tokens.next()
  for (; !step.done; step = await tokens.next()) text += step.value
  return Response.json({ ...stampOf(body.model), ...shape(text), ...step.value })
}

/** One line per token as it comes, and the final record; a client that leaves ends the tokens. */
function ndjson(
  tokens: AsyncGenerator<string, object>,
  record: (text: string) => object,
): ReadableStream<Uint8Array> {
  let open = true
  return new ReadableStream({
    async pull(controller) {
      const step = await tokens.next()
      if (!open) return
      const fields = step.done
        ? { ...record(''), ...step.value }
        : { ...record(step.value), done: false }
      controller.enqueue(new TextEncoder().encode(`${JSON.stringify(fields)}\n`))
      if (step.done) controller.close()
    },
    async cancel() {
      open = false
      await tokens.return({})
    },
  })
}
