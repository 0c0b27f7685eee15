import { afterAll, expect, test } from 'bun:test'
import { OllamaEmbeddings } from '@langchain/ollama'
import { MODEL } from '../support/gateway/stage.ts'
import { langChainOllama } from './clients/langchain-ollama.ts'
import { langChainOpenAi, langChainResponses } from './clients/langchain-openai.ts'
import { setClientStage } from './clients/stage.ts'
import { describeClient } from './clients/suite.ts'
import { refused, untilRefused } from './clients/until-refused.ts'

const stage = await setClientStage()
afterAll(() => stage[Symbol.asyncDispose]())

describeClient(stage, langChainOpenAi)
describeClient(stage, langChainResponses)
describeClient(stage, langChainOllama)

test('LangChain (OllamaEmbeddings) tries again at a limit that is reached for a moment', async () => {
  await using own = await setClientStage()
  const embeddings = new OllamaEmbeddings({
    model: MODEL,
    baseUrl: `${own.gateway.url}/ollama`,
    headers: { authorization: `Bearer ${own.user.key}` },
    maxRetries: 5,
  })
  expect(await untilRefused(own, () => embeddings.embedQuery('a'))).toHaveLength(8)
  expect(refused(own, 429)).toBePositive()
})
