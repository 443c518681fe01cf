const MIN_SECONDS = 60;
const MAX_SECONDS = 86_400;
const DEFAULT_SECONDS = 300;

/**
 * How many seconds a document that was fetched stays fresh: `max-age` (RFC 9111 §5.2.2.1) between a minute and a day, five minutes where
 * nothing is said. `no-store` and `no-cache` are a minute: whoever serves the document does not decide how often it is asked.
 */
export function freshSeconds(cacheControl: string): number {
  if (/(?:^|,)\s*no-(?:store|cache)\s*(?:,|$)/i.test(cacheControl)) return MIN_SECONDS;
  const seconds = /(?:^|,)\s*max-age\s*=\s*"?(\d{1,10})"?\s*(?:,|$)/i.exec(cacheControl)?.[1];
  if (seconds === undefined) return DEFAULT_SECONDS;
  return Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, Number(seconds)));
}
