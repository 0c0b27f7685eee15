import type { MiddlewareHandler } from 'hono'
import { mayUseModel } from '../domain/grant.ts'
import { type ModelName, parseModelName } from '../domain/model-name.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Placement } from '../upstream/pool.ts'
import type { BodyEnv } from './body.ts'

export interface ModelAccessNeeds {
  /** Where the model is, or null when no host has it. */
  readonly locate: (model: ModelName) => Promise<Placement | null>
}

export interface ModelEnv<Body> extends BodyEnv<Body> {
  Variables: BodyEnv<Body>['Variables'] & { placement: Placement | null }
}

/**
 * Finds the model that the body names. A model that does not exist and one that the caller may not
 * use give the same answer, so that nobody can find out what else there is.
 */
export const modelAccess = <Body>(
  { locate }: ModelAccessNeeds,
  nameIn: (body: Body) => string,
): MiddlewareHandler<ModelEnv<Body>> =>
  async function modelAccess(c, next) {
    const asked = nameIn(c.get('body'))
    const principal = c.get('principal')
    const name = parseModelName(asked)
    if (!name || !mayUseModel(principal, name)) throw modelNotFound(asked)
    const placement = await locate(name)
    if (!placement || !mayUseModel(principal, placement.model)) throw modelNotFound(asked)
    c.set('placement', placement)
    await next()
  }

/** For operations that name no existing model. */
export const noModel = <Body>(): MiddlewareHandler<ModelEnv<Body>> =>
  async function noModel(c, next) {
    c.set('placement', null)
    await next()
  }

/** In Ollama's own words, which its clients know. */
export const modelNotFound = (name: string): GatewayError =>
  new GatewayError('model_not_found', `model '${name.slice(0, 200)}' not found`)
