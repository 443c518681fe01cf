/** Longest time, in seconds, that an assertion may still live: so long its use is remembered. */
const MAX_LIFE = 3_600;
/** Seconds that the clock of whoever made it may be ahead. */
const SKEW = 10;
/** Members of `aud`: each is one of our names. */
const MAX_AUDIENCES = 5;

/**
 * What every assertion says beside whom it speaks for (RFC 7523 §3): meant for us alone, and in time. Its end in whole seconds, or what is wrong
 * with it, for decision records.
 *
 * @param ours names that this server goes by.
 */
export function judgeClaims(
  { aud, exp, nbf, iat }: Readonly<Record<string, unknown>>,
  ours: readonly string[],
  now: number,
): number | string {
  if (!isMeantFor(ours, aud)) return 'its aud is not this server, or not this server alone';
  if (!isTime(exp)) return 'it has no exp';
  if (exp <= now) return `it has expired at ${exp}`;
  if (exp > now + MAX_LIFE + SKEW) return `its exp is more than ${MAX_LIFE} seconds ahead`;
  for (const [name, time] of [
    ['nbf', nbf],
    ['iat', iat],
  ] as const) {
    if (time === undefined) continue;
    if (!isTime(time)) return `its ${name} is not a time`;
    if (time > now + SKEW) return `its ${name} is ${time - now} seconds ahead`;
  }
  return Math.ceil(exp);
}

/** RFC 7515 §4.1.9: in any case, and with `application/` left out or not. */
export function bareType(typ: unknown): unknown {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
}

/** Whoever else is among the audience could show the assertion to us (attacks JWT-17, TOK-11): the issuer or an endpoint of ours, and nobody beside. */
function isMeantFor(ours: readonly string[], aud: unknown): boolean {
  const audience: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return (
    audience.length > 0 &&
    audience.length <= MAX_AUDIENCES &&
    audience.every((member) => typeof member === 'string' && ours.includes(member))
  );
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
