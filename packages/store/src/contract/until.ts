const PATIENCE_MS = 60_000;
/** So many looks are a turn of the event loop apart; after them the processor is left to whoever brings it about. */
const TURNS = 50;

/**
 * Waits until something is so that a socket, a store, a job, or another thread or process brings about, however busy the machine is.
 * @param what in words, where the condition does not say it
 * @throws Error that says what was never so, after a minute
 */
export async function until(
  is: () => boolean | Promise<boolean>,
  what: string = String(is).replace(/^(?:async )?\(\) => /, ''),
): Promise<void> {
  const begun = performance.now();
  for (let look = 0; !(await is()); look++) {
    if (performance.now() - begun > PATIENCE_MS) throw new Error(`within a minute it was never so that ${what}`);
    await new Promise((resolve) => (look < TURNS ? setImmediate(resolve) : setTimeout(resolve, 2)));
  }
}
