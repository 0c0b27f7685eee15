import { afterAll } from 'bun:test'
import { setStage } from '../support/gateway/stage.ts'
import { describeDenials } from './denial-suite.ts'
import { ROUTES } from './routes.ts'

const stage = await setStage()
afterAll(() => stage[Symbol.asyncDispose]())

await describeDenials(stage, ROUTES)
