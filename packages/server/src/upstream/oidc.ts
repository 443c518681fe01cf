import { hash, sign } from 'node:crypto';
import { equalText } from '@hufu/protocol/equal-text';
import type { ClientAuth, Configuration, IDToken, ServerMetadata } from 'openid-client';
import { systemClock } from '../clock.ts';
import type { OidcUpstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { type ForeignPerson, readPerson } from './person.ts';
import { UpstreamRefused } from './upstream-refused.ts';
import type { Answer, Protocol, Visit } from './visit.ts';

type Library = typeof import('openid-client');
type JwksCache = NonNullable<ReturnType<Library['getJwksCache']>>;

/** What is known of an upstream: its metadata for an hour, and its keys as long as the library holds them good. */
interface Known {
  readonly metadata: ServerMetadata;
  readonly until: number;
  jwks: JwksCache | undefined;
}

const METADATA_SECONDS = 3_600;
const TIMEOUT_SECONDS = 8;
/** Seconds that its clock may be off. */
const TOLERANCE = 10;
/** Seconds that a signed client secret lives. */
const SECRET_SECONDS = 300;

const known = new WeakMap<Context, Map<string, Known>>();

/** OpenID Connect with the authorization code (OpenID Connect Core §3.1), as `openid-client` does it; what it leaves open is judged here. */
export const oidc: Protocol<OidcUpstream> = {
  async begin(ctx, upstream, visit) {
    const library = await import('openid-client');
    const { config } = await connect(ctx, library, upstream, visit.now);
    const parameters: Record<string, string> = {
      response_type: 'code',
      redirect_uri: visit.callback,
      scope: [...new Set(['openid', ...upstream.scopes])].join(' '),
      state: visit.id,
      nonce: visit.nonce,
      code_challenge: hash('sha256', visit.verifier, 'base64url'),
      code_challenge_method: 'S256',
      ...(upstream.responseMode === 'form_post' ? { response_mode: 'form_post' } : {}),
      ...anewParameters(visit),
    };
    return library.buildAuthorizationUrl(config, parameters);
  },

  async finish(ctx, upstream, visit, answer) {
    const library = await import('openid-client');
    const { config, keep } = await connect(ctx, library, upstream, visit.now);
    const tokens = await library
      .authorizationCodeGrant(config, addressOf(visit, answer), {
        expectedState: visit.id,
        expectedNonce: visit.nonce,
        pkceCodeVerifier: visit.verifier,
        idTokenExpected: true,
      })
      .catch(toRefusal);
    keep();
    const claims = tokens.claims();
    if (claims === undefined) throw new UpstreamRefused('failed', 'it sent no ID token');
    judgeClaims(upstream, claims, tokens.access_token, visit);
    const asks = upstream.userinfo && config.serverMetadata().userinfo_endpoint !== undefined;
    // Its `sub` has to be the same (OpenID Connect Core §5.3.2): the library compares them.
    const more = asks ? await library.fetchUserInfo(config, tokens.access_token, claims.sub).catch(toRefusal) : {};
    return personOf(upstream, visit, claims, more);
  },
};

/** OpenID Connect Core §3.1.2.1: either makes `auth_time` a part of the ID token (§2). */
function anewParameters({ anew }: Visit): Readonly<Record<string, string>> {
  if (anew === 'no') return {};
  return anew === 'yes' ? { prompt: 'login', max_age: '0' } : { max_age: String(anew.maxAgeSeconds) };
}

/** Reads its metadata anew, for the doctor. Throws `UpstreamRefused`. */
export async function discover(ctx: Context, upstream: OidcUpstream, now: number): Promise<ServerMetadata> {
  const library = await import('openid-client');
  known.get(ctx)?.delete(upstream.name);
  return (await connect(ctx, library, upstream, now)).config.serverMetadata();
}

async function connect(
  ctx: Context,
  library: Library,
  upstream: OidcUpstream,
  now: number,
): Promise<{ readonly config: Configuration; readonly keep: () => void }> {
  const copies = known.get(ctx) ?? new Map<string, Known>();
  known.set(ctx, copies);
  const copy = copies.get(upstream.name);
  const current =
    copy !== undefined && copy.until > now && copy.until <= now + METADATA_SECONDS ? copy : await learn(ctx, library, upstream, now);
  copies.set(upstream.name, current);
  // The library reads the machine's clock, and ours may be another one.
  const skew = Math.round((ctx.clock.nowMs() - systemClock().nowMs()) / 1000);
  const config = new library.Configuration(
    current.metadata,
    upstream.clientId,
    { id_token_signed_response_alg: upstream.idTokenAlg, [library.clockSkew]: skew, [library.clockTolerance]: TOLERANCE },
    clientAuth(library, upstream, now),
  );
  config[library.customFetch] = guardedFetch(ctx);
  config.timeout = TIMEOUT_SECONDS;
  if (upstream.issuer.startsWith('http:')) library.allowInsecureRequests(config);
  // The token endpoint's TLS would do by the standard (OpenID Connect Core §3.1.3.7); a signature that was looked at does better.
  library.enableNonRepudiationChecks(config);
  if (current.jwks !== undefined) library.setJwksCache(config, current.jwks);
  const keep = (): void => {
    current.jwks = library.getJwksCache(config) ?? current.jwks;
  };
  return { config, keep };
}

async function learn(ctx: Context, library: Library, upstream: OidcUpstream, now: number): Promise<Known> {
  const config = await library
    .discovery(new URL(upstream.issuer), upstream.clientId, undefined, library.None(), {
      [library.customFetch]: guardedFetch(ctx),
      timeout: TIMEOUT_SECONDS,
      ...(upstream.issuer.startsWith('http:') ? { execute: [library.allowInsecureRequests] } : {}),
    })
    .catch(toRefusal);
  const metadata = config.serverMetadata();
  // To the byte: the library compares addresses, in which a slash or a letter may be another one.
  if (metadata.issuer !== upstream.issuer) throw new UpstreamRefused('failed', 'its metadata is of another issuer');
  return { metadata, until: now + METADATA_SECONDS, jwks: undefined };
}

function clientAuth(library: Library, { clientAuth: auth, clientId, issuer }: OidcUpstream, now: number): ClientAuth {
  switch (auth.kind) {
    case 'basic':
      return library.ClientSecretBasic(auth.secret.reveal());
    case 'post':
      return library.ClientSecretPost(auth.secret.reveal());
    case 'none':
      return library.None();
    case 'apple': {
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = { iss: auth.teamId, sub: clientId, aud: issuer, iat: now, exp: now + SECRET_SECONDS };
      const body = `${part({ alg: 'ES256', kid: auth.keyId })}.${part(claims)}`;
      const signature = sign('sha256', Buffer.from(body), { key: auth.privateKey.reveal(), dsaEncoding: 'ieee-p1363' });
      return library.ClientSecretPost(`${body}.${signature.toString('base64url')}`);
    }
  }
}

/** The answer as an address, also where it came as a form. */
function addressOf(visit: Visit, answer: Answer): URL {
  const url = new URL(visit.callback);
  for (const name of ['code', 'state', 'iss', 'error', 'error_description', 'id_token', 'response']) {
    const value = answer.get(name);
    // An ID token beside the code is not asked for, and is not looked at.
    if (value !== undefined && name !== 'id_token') url.searchParams.set(name, value);
  }
  return url;
}

/** OpenID Connect Core §3.1.3.6, §3.1.3.7: what the library does not ask for where there is one audience, or no hybrid flow. */
function judgeClaims({ clientId, idTokenAlg }: OidcUpstream, claims: IDToken, accessToken: string, { now }: Visit): void {
  if (claims.azp !== undefined && claims.azp !== clientId)
    throw new UpstreamRefused('failed', 'its ID token was made for another client (azp)');
  const atHash = claims['at_hash'];
  if (atHash !== undefined && (typeof atHash !== 'string' || !equalText(atHash, halfHash(accessToken, idTokenAlg))))
    throw new UpstreamRefused('failed', 'its ID token belongs to another access token (at_hash)');
  if (claims.iat > now + TOLERANCE) throw new UpstreamRefused('failed', 'its ID token is of the future');
}

/** The left half of the hash that goes with the signature (OpenID Connect Core §3.1.3.6). */
function halfHash(text: string, alg: string): string {
  const name = alg.endsWith('384') ? 'sha384' : alg.endsWith('512') || alg.startsWith('Ed') ? 'sha512' : 'sha256';
  const bytes = Buffer.from(hash(name, text, 'hex'), 'hex');
  return bytes.subarray(0, bytes.length / 2).toString('base64url');
}

/** What is signed goes before what is not. */
function personOf(upstream: OidcUpstream, visit: Visit, claims: IDToken, more: Readonly<Record<string, unknown>>): ForeignPerson {
  const { auth_time: authTime } = claims;
  const amr: unknown = claims.amr;
  return readPerson(upstream, {
    issuer: claims.iss,
    subject: claims.sub,
    claims: { ...more, ...claims },
    authenticatedAt:
      typeof authTime === 'number' && authTime <= visit.now + TOLERANCE ? Math.min(Math.floor(authTime), visit.now) : undefined,
    multiFactor: upstream.trustAmr && Array.isArray(amr) && amr.includes('mfa'),
  });
}

/** What the library throws, in words for the decision record: its messages are fixed, but an upstream's own words may stand beside them. */
function toRefusal(error: unknown): never {
  if (error instanceof UpstreamRefused) throw error;
  if (!(error instanceof Error)) throw error;
  const { cause } = error;
  if (cause instanceof UpstreamRefused) throw cause;
  const code = 'error' in error && typeof error.error === 'string' ? `: ${error.error.slice(0, 60)}` : '';
  const why = cause instanceof Error && code === '' ? `: ${cause.message.slice(0, 200)}` : code;
  if ('error' in error && error.error === 'access_denied') throw new UpstreamRefused('declined', 'whoever was there declined');
  throw new UpstreamRefused('failed', `${error.message.slice(0, 200)}${why}`, { cause: error });
}
