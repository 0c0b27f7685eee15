import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import type { Client } from './client.ts'
import { langChainSession } from './langchain.ts'
import { openAiException } from './openai-exception.ts'

const langChainOf = (useResponsesApi: boolean): Client => ({
  name: `LangChain (ChatOpenAI with ${useResponsesApi ? 'responses' : 'chat completions'})`,
  endpoint: '/api/chat',
  cannot: useResponsesApi
    ? {}
    : { thinking: 'looks for thoughts under another name than Ollama has for them' },
  estimate: 8,
  thrownFor: openAiException,
  open({ url, key: apiKey, retries: maxRetries }) {
    const common = { apiKey, maxRetries, configuration: { baseURL: `${url}/openai/v1` } }
    // It asks only models to think of which it knows that they do, unless it is told so.
    const thinking = { modelKwargs: { reasoning: { effort: 'high' } } }
    return langChainSession({
      chat: (model, thinks) =>
        new ChatOpenAI({ ...common, model, useResponsesApi, ...(thinks && thinking) }),
      embeddings: (model) => new OpenAIEmbeddings({ ...common, model }),
    })
  },
})

/** LangChain's models of OpenAI, pointed at `/openai/v1`. */
export const langChainOpenAi = langChainOf(false)

/** The same over OpenAI's newer API. */
export const langChainResponses = langChainOf(true)
