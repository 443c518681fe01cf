/** STAND-IN until part C: seconds that a fetched document stays fresh: `max-age` between a minute and a day, else five minutes. */
export function freshSeconds(cacheControl: string): number {
  const seconds = /\bmax-age=(\d{1,9})/i.exec(cacheControl)?.[1];
  return Math.min(86_400, Math.max(60, Number(seconds ?? 300)));
}
