import { aiSdkOllama } from './ai-sdk-ollama.ts'
import { aiSdkOpenAi } from './ai-sdk-openai.ts'
import type { Client } from './client.ts'
import { langChainOllama } from './langchain-ollama.ts'
import { langChainOpenAi, langChainResponses } from './langchain-openai.ts'
import { ollamaChat } from './ollama-chat.ts'
import { ollamaGenerate } from './ollama-generate.ts'
import { openAiChat } from './openai-chat.ts'
import { openAiCompletions } from './openai-completions.ts'

/** Every client there is, for what takes so long that it is tried with all of them at once. */
export const CLIENTS: readonly Client[] = [
  openAiChat,
  openAiCompletions,
  ollamaChat,
  ollamaGenerate,
  langChainOpenAi,
  langChainResponses,
  langChainOllama,
  aiSdkOpenAi,
  aiSdkOllama,
]
