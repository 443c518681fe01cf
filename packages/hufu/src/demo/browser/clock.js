// @ts-check
/** The one place of this app where time is read. */

/** @returns {number} milliseconds since 1970 */
export function nowMs() {
  // oxlint-disable-next-line hufu/time-and-chance -- the clock of the browser, read here alone
  return Date.now();
}
