/** Sends a line to a loopback port and gives the first answer; `''` when there is none to come. */
export async function ask(port: number, question: string): Promise<string> {
  const answer = Promise.withResolvers<string>()
  const none = () => answer.resolve('')
  try {
    await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => void socket.write(question),
        data(socket, bytes) {
          answer.resolve(bytes.toString('latin1'))
          socket.end()
        },
        close: none,
        error: none,
        connectError: none,
      },
    })
  } catch {
    // Nothing listens there, which is no answer either.
    return ''
  }
  return answer.promise
}
