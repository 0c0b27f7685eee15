import { ANY } from '../domain/limit.ts'
import { nearest } from '../domain/nearest.ts'
import { GatewayError } from '../errors/gateway-error.ts'

const SHOWN = 20

/**
 * Throws invalid for a model that no host has, by its canonical name: what is set for it would be a slip of
 * the pen that does nothing. Nothing is said when the hosts can't be asked: `installed` is null then.
 */
export function requireInstalled(model: string, installed: readonly string[] | null): void {
  if (model === ANY || installed === null || installed.includes(model)) return
  const guess = nearest(model, installed)
  const more = installed.length > SHOWN ? ', …' : ''
  const list = installed.length > 0 ? `${installed.slice(0, SHOWN).join(', ')}${more}` : 'none'
  throw new GatewayError(
    'invalid',
    `no host has the model "${model}"${guess ? `, did you mean ${guess}?` : ''} (the models are: ${list})`,
  )
}
