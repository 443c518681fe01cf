/** Seconds since 1970 by the browser's clock: for how long ago something was, never for what is allowed. */
export function nowSeconds(): number {
  // oxlint-disable-next-line hufu/time-and-chance -- a page has no context; this is the one place that looks
  return Math.floor(Date.now() / 1000);
}
