import type { MiddlewareHandler } from 'hono'
import { mayUseModel } from '../domain/grant.ts'
import { type ModelName, parseModelName } from '../domain/model-name.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { BodyEnv } from './body.ts'

/** The model as one host calls it, and the hosts that have it. */
export interface Located<Host> {
  readonly model: ModelName & { readonly entry: { readonly name: string } }
  readonly backends: readonly Host[]
}

export interface ModelAccessNeeds<Host> {
  readonly locate: (model: ModelName) => Promise<Located<Host> | null>
}

export interface ModelEnv<Body, Host> extends BodyEnv<Body> {
  Variables: BodyEnv<Body>['Variables'] & { located: Located<Host> | null }
}

/**
 * Finds the model that the body names. A model that does not exist and one that the caller may not
 * use give the same answer, so that nobody can find out what else there is.
 */
export const modelAccess = <Body, Host>(
  { locate }: ModelAccessNeeds<Host>,
  nameIn: (body: Body) => string,
): MiddlewareHandler<ModelEnv<Body, Host>> =>
  async function modelAccess(c, next) {
    const asked = nameIn(c.get('body'))
    const principal = c.get('principal')
    const name = parseModelName(asked)
    if (!name || !mayUseModel(principal, name)) throw modelNotFound(asked)
    const located = await locate(name)
    if (!located || !mayUseModel(principal, located.model)) throw modelNotFound(asked)
    c.set('located', located)
    await next()
  }

/** For operations that name no existing model. */
export const noModel = <Body, Host>(): MiddlewareHandler<ModelEnv<Body, Host>> =>
  async function noModel(c, next) {
    c.set('located', null)
    await next()
  }

/** In Ollama's own words, which its clients know. */
export const modelNotFound = (name: string): GatewayError =>
  new GatewayError('model_not_found', `model '${name.slice(0, 200)}' not found`)
