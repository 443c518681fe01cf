import type { PersonClaim, UpstreamBase } from '../config/upstream-config.ts';
import { UpstreamRefused } from './upstream-refused.ts';

/** Whom an upstream speaks of, verified as its protocol demands. */
export interface ForeignPerson {
  /** Issuer or entity ID: with `subject` what somebody is known by (OpenID Connect Core §5.7). At most 255 characters each. */
  readonly issuer: string;
  readonly subject: string;
  /** What its owner knows it by. */
  readonly label: string;
  /** Those claims of theirs that an account may be made with. */
  readonly claims: Readonly<Partial<Record<Exclude<PersonClaim, 'email' | 'email_verified'>, string>>>;
  readonly email: string | undefined;
  /** The upstream said `true`, and nothing that only looks like it (attacks FED-01). */
  readonly emailVerified: boolean;
  /** When they authenticated there, in seconds; undefined where it does not say. */
  readonly authenticatedAt: number | undefined;
  /** It says two factors, and its word for that counts. */
  readonly multiFactor: boolean;
}

const MAX_ID = 255;
const MAX_CLAIM = 200;
const MAX_LABEL = 100;
const TEXT_CLAIMS = ['name', 'given_name', 'family_name', 'nickname', 'preferred_username', 'locale'] as const;

/** What was verified. */
export interface Statement {
  readonly issuer: string;
  readonly subject: unknown;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly authenticatedAt: number | undefined;
  readonly multiFactor: boolean;
}

/** Takes from an upstream's words what we know, in bounds. Throws `UpstreamRefused` where they name nobody. */
export function readPerson(upstream: UpstreamBase, { issuer, subject, claims, authenticatedAt, multiFactor }: Statement): ForeignPerson {
  const claim = (name: PersonClaim): unknown => {
    const theirs = upstream.claims[name] ?? name;
    return Object.hasOwn(claims, theirs) ? claims[theirs] : undefined;
  };
  const email = readText(claim('email'), 254);
  const known = Object.fromEntries(
    TEXT_CLAIMS.flatMap((name) => {
      const text = readText(claim(name), MAX_CLAIM);
      return text === undefined ? [] : [[name, text]];
    }),
  );
  const id = requireSubject(subject);
  return {
    issuer,
    subject: id,
    label: (email ?? known['preferred_username'] ?? known['name'] ?? known['nickname'] ?? id).slice(0, MAX_LABEL).toWellFormed(),
    claims: known,
    email,
    emailVerified: email !== undefined && claim('email_verified') === true,
    authenticatedAt,
    multiFactor,
  };
}

/** Whole, as it came: nothing is trimmed or folded, or two would be one. A number is its digits. */
function requireSubject(subject: unknown): string {
  const text = typeof subject === 'number' && Number.isSafeInteger(subject) ? String(subject) : subject;
  if (typeof text !== 'string' || text.trim() === '') throw new UpstreamRefused('failed', 'it names nobody');
  if (text.length > MAX_ID || !text.isWellFormed() || /\p{Cc}/u.test(text))
    throw new UpstreamRefused('failed', 'its name for somebody is too long, or not text');
  return text;
}

/** One line of text without anything that is not seen; undefined for everything else. */
function readText(value: unknown, max: number): string | undefined {
  if (typeof value !== 'string' || !value.isWellFormed()) return undefined;
  const text = value.normalize('NFC').trim();
  return text === '' || text.length > max || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text) ? undefined : text;
}
