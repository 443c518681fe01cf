import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import { SIGNATURE_ALGS } from '@hufu/protocol/jose-algorithms';
import { bareType } from '../assertions/judge-claims.ts';
import { REQUEST_OBJECT_TYPES } from '../authorize/request-object.ts';
import { verifyClientJwt } from '../client-keys/verify-client-jwt.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { sha256 } from '../tokens/secrets.ts';

/** The parameters of an authentication request, from its form or from what the client has signed. */
export interface Parameters {
  get(name: string): string | undefined;
  many(name: string): readonly string[];
  /** What a signed request is used up by, once everything else has held; undefined for a plain one. */
  readonly once: { readonly name: string; readonly expiresAt: number } | undefined;
}

/** May stand beside a signed request: they prove who sends it (OpenID Connect CIBA §7.1.1). */
const BESIDE: ReadonlySet<string> = new Set(['request', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type']);
/** Seconds between `nbf` and `exp` at most, and that `nbf` may be past. */
const MAX_LIFE = 3_600;
/** Seconds that the client's clock may be ahead. */
const SKEW = 10;
const MAX_JTI = 256;

/** Reads the parameters (OpenID Connect CIBA §7.1, §7.1.1). Throws `invalid_request`. */
export async function readParameters(ctx: Context, client: Client, form: Form, trail: Trail, now: number): Promise<Parameters> {
  trail.at('backchannel_request');
  const { backchannelAuthentication, rules } = client.metadata;
  const alg = backchannelAuthentication?.requestSigningAlg;
  if (form.has('request_uri')) throw invalid('request_uri is no parameter of this request');
  const text = form.get('request');
  if (text === undefined) {
    if (alg !== undefined) throw invalid('the client signs its requests', `it registered ${alg}`);
    if (rules.signedRequest === 'required') throw invalid('the client signs its requests', 'its profile wants that');
    return { get: (name) => form.get(name), many: (name) => form.many(name), once: undefined };
  }
  const outside = form.names().find((name) => !BESIDE.has(name));
  if (outside !== undefined) throw invalid('nothing stands beside a signed request', outside.slice(0, 100));
  trail.at('request_object');
  // A key that both have proves nothing to a third (OpenID Connect CIBA §7.1.1).
  const algs = alg === undefined ? SIGNATURE_ALGS : [alg];
  const jwt = await verifyClientJwt(ctx, client, text, { algs: algs.filter((one) => rules.signatureAlgs?.includes(one) !== false), now });
  if (jwt.kind === 'refused') throw invalid('the signed request is not valid', jwt.reason);
  const { payload } = jwt;
  const read = readTimes(ctx, client, jwt.header['typ'], payload, now);
  if (typeof read === 'string') throw invalid('the signed request is not valid', read);
  trail.at('backchannel_request');
  return {
    get: (name) => textOf(payload[name]),
    many: (name) => (Array.isArray(payload[name]) ? payload[name] : [payload[name]]).flatMap((value: unknown) => wordOf(value) ?? []),
    once: { name: sha256(`${client.id}\n${read.jti}`), expiresAt: read.expiresAt },
  };
}

/** What makes it this client's, for this server, now, once; or what is wrong with it. */
function readTimes(
  ctx: Context,
  client: Client,
  typ: unknown,
  { iss, sub, aud, exp, nbf, iat, jti }: Readonly<Record<string, unknown>>,
  now: number,
): { readonly jti: string; readonly expiresAt: number } | string {
  if (!REQUEST_OBJECT_TYPES.has(bareType(typ))) return 'its typ is another kind of JWT';
  if (iss !== client.id) return 'its iss is not the client';
  // That would be a client assertion.
  if (sub === client.id) return 'its sub is the client';
  if (aud !== ctx.issuer && !(Array.isArray(aud) && aud.includes(ctx.issuer))) return 'its aud is not this server';
  if (!isTime(exp) || !isTime(nbf) || !isTime(iat)) return 'it lacks one of exp, nbf and iat';
  if (exp <= now) return `it has expired at ${exp}`;
  if (nbf > now + SKEW || iat > now + SKEW) return 'it is from the future';
  if (nbf < now - MAX_LIFE || exp > nbf + MAX_LIFE) return `it lives for more than ${MAX_LIFE} seconds`;
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) return 'it has no jti';
  return { jti, expiresAt: Math.ceil(exp) };
}

/** A number stands for its digits: `requested_expiry` may be either (OpenID Connect CIBA §7.1.1). An empty text is none. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What is neither text nor number is there all the same. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? '{}' : textOf(value);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function invalid(description: string, detail?: string): OAuthError {
  return new OAuthError('invalid_request', description, detail === undefined ? {} : { detail });
}
