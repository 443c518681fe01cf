import { OAuthError } from '@hufu/protocol/errors';
import { SYMMETRIC_ENCRYPTION_ALGS } from '@hufu/protocol/jose-algorithms';
import { isEncryptedJwt, readUnsecuredJwt } from '@hufu/protocol/jwt';
import type { RequestObjectRules } from '@hufu/protocol/profiles/profile';
import { bareType } from '../assertions/judge-claims.ts';
import { readableSecrets } from '../client-keys/client-secret.ts';
import { VERIFICATION_ALGS, verifyClientJwt } from '../client-keys/verify-client-jwt.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { decryptCompact } from '../jose/decrypt.ts';

/** The claims of a request object that its client has made. */
export interface RequestObject {
  readonly claims: Readonly<Record<string, unknown>>;
  /** Whether a key of the client vouches for it; otherwise an administrator allowed the client to leave that out. */
  readonly signed: boolean;
  /** Whether it says by its `typ` that it follows RFC 9101, which hears nothing beside it. */
  readonly oauth: boolean;
}

/** Kinds that a request object may say it is (RFC 9101 §10.8), as `bareType` has them: media types are of no case. */
export const REQUEST_OBJECT_TYPES: ReadonlySet<unknown> = new Set([undefined, 'jwt', 'oauth-authz-req+jwt']);
/** Seconds that the client's clock may be ahead. */
const SKEW = 60;
/** Seconds from `nbf` to `exp`, and from `nbf` to now, where its times are bounded (FAPI 2.0 Message Signing §5.3.1). */
const MAX_AGE = 3_600;

/**
 * Opens a request object (RFC 9101 §6, OpenID Connect Core §6.1): decrypted where it is encrypted, verified with the client's own keys and the algorithm it
 * registered, meant for this server, by this client, now; and as strictly as the client's profile has it. Throws `invalid_request_object`.
 */
export async function openRequestObject(ctx: Context, client: Client, text: string, now: number): Promise<RequestObject> {
  const inner = await decrypted(ctx, client, text, now);
  const { requestObjectSigningAlg } = client.metadata;
  const { requestObject: rules, signatureAlgs } = client.metadata.rules;
  const unsigned = requestObjectSigningAlg === 'none' && signatureAlgs === undefined ? readUnsecuredJwt(inner) : undefined;
  if (unsigned !== undefined) {
    checkClaims(ctx, client, rules, unsigned.header, unsigned.payload, now);
    return { claims: unsigned.payload, signed: false, oauth: isOauth(unsigned.header) };
  }
  const algs = requestObjectSigningAlg === undefined ? VERIFICATION_ALGS : [requestObjectSigningAlg];
  const read = await verifyClientJwt(ctx, client, inner, { algs: algs.filter((alg) => signatureAlgs?.includes(alg) !== false), now });
  if (read.kind === 'refused') throw invalid(read.reason);
  checkClaims(ctx, client, rules, read.header, read.payload, now);
  if (read.payload['iss'] === undefined && read.payload['client_id'] === undefined) throw invalid('it does not say whose it is');
  return { claims: read.payload, signed: true, oauth: isOauth(read.header) };
}

function isOauth(header: Readonly<Record<string, unknown>>): boolean {
  return bareType(header['typ']) === 'oauth-authz-req+jwt';
}

/** A client that registered an encryption sends nothing in the clear (OpenID Connect Registration §2). */
async function decrypted(ctx: Context, client: Client, text: string, now: number): Promise<string> {
  const registered = client.metadata.requestObjectEncryption;
  if (!isEncryptedJwt(text)) {
    if (registered !== undefined) throw invalid('it is not encrypted, as the client registered it');
    return text;
  }
  const opened = await decryptCompact(text, { pairs: ctx.keys.decryptionKeys(now), secrets: readableSecrets(ctx, client, now) });
  if (opened === undefined) throw invalid('it cannot be decrypted');
  const { alg, enc } = opened.header;
  if (registered !== undefined && (alg !== registered.alg || enc !== registered.enc))
    throw invalid(`it is encrypted with ${alg} and ${enc}`);
  if (registered === undefined && SYMMETRIC_ENCRYPTION_ALGS.includes(alg)) throw invalid(`${alg} is not registered`);
  return opened.plaintext;
}

/** RFC 9101 §4, §10.8; what says nothing about the claim is left to the signature. */
function checkClaims(
  ctx: Context,
  client: Client,
  rules: RequestObjectRules,
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
  now: number,
): void {
  if (!REQUEST_OBJECT_TYPES.has(bareType(header['typ']))) throw invalid('its typ is another kind of JWT');
  if (claims['iss'] !== undefined && claims['iss'] !== client.id) throw invalid('its iss is not the client');
  if (claims['client_id'] !== undefined && claims['client_id'] !== client.id) throw invalid('its client_id is not the client');
  // That would be a client assertion.
  if (claims['sub'] === client.id) throw invalid('its sub is the client');
  const { aud } = claims;
  if (rules.audience === 'required' && aud === undefined) throw invalid('it has no aud');
  if (aud !== undefined && aud !== ctx.issuer && !(Array.isArray(aud) && aud.includes(ctx.issuer)))
    throw invalid('its aud is not this server');
  for (const name of ['exp', 'nbf', 'iat']) {
    if (claims[name] !== undefined && !Number.isFinite(claims[name])) throw invalid(`its ${name} is not a time`);
  }
  if (Number(claims['exp'] ?? Infinity) <= now) throw invalid('it has expired');
  if (Number(claims['nbf'] ?? 0) > now + SKEW || Number(claims['iat'] ?? 0) > now + SKEW) throw invalid('it is from the future');
  if (rules.times === 'bounded') checkTimes(claims, now);
  if ('request' in claims || 'request_uri' in claims) throw invalid('it holds another one');
}

/** `exp` and `nbf`, which are numbers where they are there. */
function checkTimes({ exp, nbf }: Readonly<Record<string, unknown>>, now: number): void {
  if (exp === undefined || nbf === undefined) throw invalid('it has no exp or no nbf');
  if (Number(nbf) <= now - MAX_AGE) throw invalid('its nbf is more than an hour ago');
  if (Number(exp) - Number(nbf) > MAX_AGE) throw invalid('its exp is more than an hour after its nbf');
}

function invalid(detail: string): OAuthError {
  return new OAuthError('invalid_request_object', 'the request object is not valid', { detail });
}
