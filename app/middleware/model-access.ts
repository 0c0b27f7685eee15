import type { MiddlewareHandler } from 'hono'
import { mayUseModel, type Principal } from '../domain/grant.ts'
import { aliasKey } from '../domain/model-aliases.ts'
import { type ModelName, parseModelName } from '../domain/model-name.ts'
import { badField, GatewayError } from '../errors/gateway-error.ts'
import type { Placement } from '../upstream/pool.ts'
import type { BodyEnv } from './body.ts'
import type { GatewaySettingsNeeds } from './gateway-open.ts'

export interface ModelAccessNeeds extends GatewaySettingsNeeds {
  /** Where the model is, or null when no host has it. */
  readonly locate: (model: ModelName) => Promise<Placement | null>
}

export interface ModelEnv<Body> extends BodyEnv<Body> {
  Variables: BodyEnv<Body>['Variables'] & {
    placement: Placement | null
    /** What the caller calls the model; null when the operation names none. */
    askedModel: string | null
  }
}

export interface ModelAccessOptions<Body> {
  readonly gateway: string
  /** Where the body names the model. */
  readonly model: (body: Body) => string | undefined
  /** Whether it can be named by an alias; what changes models takes them by their own names. */
  readonly takesAliases: boolean
}

/**
 * Finds the model that the body names. A model that does not exist and one that the caller may not
 * use give the same answer, so that nobody can find out what else there is.
 */
export const modelAccess = <Body>(
  needs: ModelAccessNeeds,
  { gateway, model, takesAliases }: ModelAccessOptions<Body>,
): MiddlewareHandler<ModelEnv<Body>> =>
  async function modelAccess(c, next) {
    const asked = model(c.get('body')) ?? ''
    const { aliases } = await needs.settingsOf(gateway)
    const isNamed = aliasKey(asked) !== ''
    const names = takesAliases ? aliases.candidates(asked) : [asked]
    const placement = await firstUsable(needs, c.get('principal'), names)
    if (!placement) throw isNamed ? modelNotFound(asked) : noModelNamed()
    c.set('placement', placement)
    c.set('askedModel', isNamed ? asked : placement.model.entry.name)
    await next()
  }

/** For operations that name no existing model. */
export const noModel = <Body>(): MiddlewareHandler<ModelEnv<Body>> =>
  async function noModel(c, next) {
    c.set('placement', null)
    c.set('askedModel', null)
    await next()
  }

/** In Ollama's own words, which its clients know. */
export const modelNotFound = (name: string): GatewayError =>
  new GatewayError('model_not_found', `model '${name.slice(0, 200)}' not found`, { field: 'model' })

/** A default that the caller may not use is as good as none. */
const noModelNamed = (): GatewayError =>
  badField('model', 'must name a model; there is no default here')

/** The first of the models that is there and that the caller may use; null when there is none. */
export async function firstUsable(
  { locate }: Pick<ModelAccessNeeds, 'locate'>,
  principal: Principal,
  names: readonly string[],
): Promise<Placement | null> {
  for (const text of names) {
    const name = parseModelName(text)
    if (!name || !mayUseModel(principal, name)) continue
    const placement = await locate(name)
    if (placement && mayUseModel(principal, placement.model)) return placement
  }
  return null
}
