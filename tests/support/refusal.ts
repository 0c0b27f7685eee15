import { GatewayError } from '../../app/errors/gateway-error.ts'

/** The GatewayError that the act ended with, or null when it succeeded; any other error is thrown. */
export async function refusalOf(act: Promise<unknown>): Promise<GatewayError | null> {
  try {
    await act
    return null
  } catch (err) {
    if (err instanceof GatewayError) return err
    throw err
  }
}
