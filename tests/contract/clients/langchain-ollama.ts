import { ChatOllama, OllamaEmbeddings } from '@langchain/ollama'
import type { Client } from './client.ts'
import { langChainSession } from './langchain.ts'
import { ollamaException } from './ollama-exception.ts'

/** LangChain's models of Ollama, pointed at `/ollama`. */
export const langChainOllama: Client = {
  name: 'LangChain (ChatOllama)',
  endpoint: '/api/chat',
  cannot: {
    'leaving while nothing comes': 'looks at the signal when the next record has come',
    'trying again': 'asks once for a chat; only embeddings are asked for again',
  },
  thrownFor: ollamaException,
  open({ url, key, retries: maxRetries }) {
    const headers = { authorization: `Bearer ${key}` }
    const common = { baseUrl: `${url}/ollama`, maxRetries }
    return langChainSession({
      chat: (model, think) =>
        new ChatOllama({ ...common, headers: new Headers(headers), model, think }),
      embeddings: (model) => new OllamaEmbeddings({ ...common, headers, model }),
    })
  },
}
