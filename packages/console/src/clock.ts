/** Seconds that the server is ahead of this browser, as far as its last answer told. */
let ahead = 0;

/** Hears the time of the server (`Date`): a browser whose clock is wrong would be asked for a new sign-in for ever. */
export function hearServerTime(date: string | null): void {
  const told = Date.parse(date ?? '');
  // oxlint-disable-next-line hufu/time-and-chance -- a page has no context; this is the one place that looks
  if (!Number.isNaN(told)) ahead = Math.round((told - Date.now()) / 1000);
}

/** Seconds since 1970, by the server's clock: for how long ago something was, never for what is allowed. */
export function nowSeconds(): number {
  // oxlint-disable-next-line hufu/time-and-chance -- as above
  return Math.floor(Date.now() / 1000) + ahead;
}
