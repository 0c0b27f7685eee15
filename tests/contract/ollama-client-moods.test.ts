import { afterAll } from 'bun:test'
import { ollamaChat } from './clients/ollama-chat.ts'
import { ollamaGenerate } from './clients/ollama-generate.ts'
import { setClientStage } from './clients/stage.ts'
import { describeClient } from './clients/suite.ts'

const stage = await setClientStage()
afterAll(() => stage[Symbol.asyncDispose]())

describeClient(stage, ollamaChat)
describeClient(stage, ollamaGenerate)
