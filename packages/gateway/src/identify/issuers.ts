import type { Algorithm } from '@hufu/resource/algorithms';
import type { Fetch } from '@hufu/resource/fetch-document';
import type { RevocationFollower } from '@hufu/resource/follower';
import type { IntrospectionOptions } from '@hufu/resource/introspection';
import { anyIssuer } from '@hufu/resource/issuers';
import { KeySource } from '@hufu/resource/key-source';
import { memoryReplays, type Replays } from '@hufu/resource/replays';
import type { Revocations } from '@hufu/resource/revocations';
import type { LiveToken } from '@hufu/resource/verification';
import { type Verifier, verifier } from '@hufu/resource/verifier';
import type { RevocationRule } from '../routes/route.ts';
import { revocationsBy } from './lenient-revocations.ts';
import { type LenientVerifier, lenientVerifier } from './lenient-tokens.ts';

/** An issuer whose tokens are taken. */
export interface GatewayIssuer {
  /** Byte for byte its `iss`. */
  readonly issuer: string;
  readonly jwksUri?: string;
  readonly algorithms?: readonly Algorithm[];
  /** Asks it about tokens that are no JWTs; of one issuer at most. */
  readonly introspection?: IntrospectionOptions;
  readonly tokenPattern?: RegExp;
  /** Who follows its revocation feed; left out, a token holds until its time is over. */
  readonly follower?: RevocationFollower;
  /**
   * How its tokens say whether they are a user's: `subject`: unless `sub` is the client (RFC 9068 §5), as Hufu's do; `authentication`, which is the default:
   * one with `auth_time` or `sid` is, of others nobody knows.
   */
  readonly users?: 'subject' | 'authentication';
}

/** Verifiers of a gateway: one for each audience and rule, with one key source for each issuer and one memory of used proofs. */
export interface IssuerVerifiers {
  verifierFor(audience: string, rule: RevocationRule): Verifier;
  /** Beside it, for sessions whose issuer is away. */
  lenientFor(audience: string, rule: RevocationRule): LenientVerifier;
  /** Whose a token is. */
  kindOf(token: LiveToken): 'user' | 'client' | 'unknown';
  issuerOf(token: LiveToken): GatewayIssuer | undefined;
}

export interface IssuerParts {
  readonly fetch?: Fetch;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  /** Instead of the memory of this process. */
  readonly replays?: Replays;
  readonly maxCachedTokens: number;
  /** For how many milliseconds an issuer's keys are used while it cannot be reached. */
  readonly maxStaleMs: number;
}

/** @throws {TypeError} where an issuer cannot be what it is said to be, and where two take tokens that are no JWTs */
export function issuerVerifiers(issuers: readonly GatewayIssuer[], parts: IssuerParts): IssuerVerifiers {
  const { fetch = globalThis.fetch, nowMs, monotonicMs, maxCachedTokens, maxStaleMs, replays = memoryReplays() } = parts;
  const byName = new Map(issuers.map((one) => [one.issuer, one]));
  if (byName.size < issuers.length) throw new TypeError('two issuers have one name');
  if (issuers.filter(({ introspection }) => introspection !== undefined).length > 1)
    throw new TypeError('tokens that are no JWTs do not say who issued them: one issuer at most is asked about them');
  const keys = new Map(issuers.map(({ issuer, jwksUri }) => [issuer, new KeySource({ issuer, jwksUri, fetch, nowMs, maxStaleMs })]));
  const made = new Map<string, Made>();

  function make(audience: string, rule: RevocationRule): Made {
    let opaque: Verifier | undefined;
    const logs = new Map<string, Revocations>();
    const all = issuers.map((one) => {
      const { issuer, algorithms, introspection, tokenPattern, follower } = one;
      const source = keys.get(issuer);
      if (follower !== undefined) logs.set(issuer, revocationsBy(rule, follower));
      const revocations = logs.get(issuer);
      const verify = verifier({
        issuer,
        audience,
        replays,
        maxCachedTokens,
        fetch,
        nowMs,
        monotonicMs,
        ...(source === undefined ? {} : { keys: source }),
        ...(algorithms === undefined ? {} : { algorithms }),
        ...(introspection === undefined ? {} : { introspection }),
        ...(tokenPattern === undefined ? {} : { tokenPattern }),
        ...(revocations === undefined ? {} : { revocations }),
      });
      if (introspection !== undefined) opaque = verify;
      return verify;
    });
    // With one issuer there is nothing to choose: it says itself of a token that it is another's.
    const [only] = all;
    const strict = only !== undefined && all.length === 1 ? only : anyIssuer(all, opaque);
    return { strict, lenient: lenientVerifier(strict, logs) };
  }

  function find(audience: string, rule: RevocationRule): Made {
    const name = JSON.stringify([audience, rule.maxAgeSeconds, rule.whenOlder]);
    const known = made.get(name) ?? make(audience, rule);
    made.set(name, known);
    return known;
  }

  return {
    verifierFor: (audience, rule) => find(audience, rule).strict,
    lenientFor: (audience, rule) => find(audience, rule).lenient,
    kindOf(token) {
      if (byName.get(token.issuer)?.users === 'subject') return token.subject === token.clientId ? 'client' : 'user';
      return token.claims['auth_time'] !== undefined || token.claims['sid'] !== undefined ? 'user' : 'unknown';
    },
    issuerOf: (token) => byName.get(token.issuer),
  };
}

/** Of one audience and rule. */
interface Made {
  readonly strict: Verifier;
  readonly lenient: LenientVerifier;
}
