import { afterAll } from 'bun:test'
import { openAiChat } from './clients/openai-chat.ts'
import { openAiCompletions } from './clients/openai-completions.ts'
import { setClientStage } from './clients/stage.ts'
import { describeClient } from './clients/suite.ts'

const stage = await setClientStage()
afterAll(() => stage[Symbol.asyncDispose]())

describeClient(stage, openAiChat)
describeClient(stage, openAiCompletions)
