/** What keeps the server or a command from starting. The message tells the operator what to do. */
export class StartupError extends Error {
  override readonly name = 'StartupError'
}
