/** What it throws, or a text that nothing was thrown. */
export async function thrownBy(act: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    await act()
  } catch (err) {
    return err
  }
  return 'nothing was thrown'
}
