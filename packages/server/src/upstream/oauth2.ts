import { hash } from 'node:crypto';
import type { OAuth2Upstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import { callForJson, callUpstream, readJson, requireObject, requireText } from './call.ts';
import { readPerson } from './person.ts';
import { UpstreamRefused } from './upstream-refused.ts';
import type { Answer, Protocol, Visit } from './visit.ts';

type Json = Readonly<Record<string, unknown>>;

/** How a provider's own OAuth 2 differs from the standard's. What is left out is as the standard has it. */
export interface Dialect {
  /** What goes into the address where people are sent, beside what is there already. */
  readonly parameters?: (upstream: OAuth2Upstream, visit: Visit) => Readonly<Record<string, string>>;
  /** At the end of that address. */
  readonly fragment?: string;
  /** What the code is called in the answer. */
  readonly codeName?: string;
  /** From the code to what is said of somebody. */
  readonly learn?: (ctx: Context, upstream: OAuth2Upstream, visit: Visit, code: string) => Promise<Json>;
}

/** OAuth 2 with an endpoint that says whose token it is: there is no standard for the last step, so each upstream says what names somebody. */
export function oauth2(dialect: Dialect): Protocol<OAuth2Upstream> {
  const { parameters = standardParameters, fragment = '', codeName = 'code', learn = learnByToken } = dialect;
  return {
    async begin(_ctx, upstream, visit) {
      const url = new URL(upstream.endpoints.authorization);
      for (const [name, value] of Object.entries(parameters(upstream, visit))) url.searchParams.set(name, value);
      url.hash = fragment;
      return url;
    },

    async finish(ctx, upstream, visit, answer) {
      requireIssuer(upstream, answer);
      const code = answer.get(codeName);
      if (code === undefined)
        throw new UpstreamRefused('declined', `it answered ${(answer.get('error') ?? 'without a code').slice(0, 60)}`);
      const claims = await learn(ctx, upstream, visit, code);
      return readPerson(upstream, {
        issuer: upstream.issuer,
        subject: Object.hasOwn(claims, upstream.subject) ? claims[upstream.subject] : undefined,
        claims,
        authenticatedAt: undefined,
        multiFactor: false,
      });
    },
  };
}

/** RFC 6749 §4.1.1, RFC 7636 §4.3. */
function standardParameters({ clientId, scopes, pkce }: OAuth2Upstream, visit: Visit): Readonly<Record<string, string>> {
  return {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: visit.callback,
    state: visit.id,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...(pkce ? { code_challenge: hash('sha256', visit.verifier, 'base64url'), code_challenge_method: 'S256' } : {}),
  };
}

/** RFC 9207 §2.4: where it announces one, an answer without it or with another is somebody else's. */
function requireIssuer({ answerIssuer }: OAuth2Upstream, answer: Answer): void {
  if (answerIssuer !== undefined && answer.get('iss') !== answerIssuer)
    throw new UpstreamRefused('failed', 'its answer is of another issuer (iss)');
}

async function learnByToken(ctx: Context, upstream: OAuth2Upstream, visit: Visit, code: string): Promise<Json> {
  const token = await exchangeCode(ctx, upstream, visit, code);
  return callForJson(ctx, upstream.endpoints.userinfo, { method: 'GET', headers: bearer(token) });
}

/** The headers of a request with an access token (RFC 6750 §2.1). */
export function bearer(token: string): Readonly<Record<string, string>> {
  return { accept: 'application/json', authorization: `Bearer ${token}` };
}

/** RFC 6749 §4.1.3: the access token for a code. Throws `UpstreamRefused`. */
export async function exchangeCode(ctx: Context, upstream: OAuth2Upstream, visit: Visit, code: string): Promise<string> {
  const { clientId, clientSecret, clientAuth, pkce, endpoints } = upstream;
  const secret = clientSecret?.reveal();
  const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: visit.callback });
  if (pkce) form.set('code_verifier', visit.verifier);
  const headers: Record<string, string> = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  if (secret !== undefined && clientAuth === 'basic') headers['authorization'] = basic(clientId, secret);
  else form.set('client_id', clientId);
  if (secret !== undefined && clientAuth === 'post') form.set('client_secret', secret);
  const reply = await callUpstream(ctx, endpoints.token, { method: 'POST', headers, body: form.toString() });
  const answer = requireObject(readJson(reply.body.toString(), endpoints.token), endpoints.token);
  // Some say an error with status 200.
  const { error } = answer;
  if (reply.status !== 200 || error !== undefined)
    throw new UpstreamRefused(
      'failed',
      `its token endpoint answered ${reply.status}${typeof error === 'string' ? `: ${error.slice(0, 60)}` : ''}`,
    );
  return requireText(answer, 'access_token');
}

/** RFC 6749 §2.3.1: both are form-encoded first. */
function basic(id: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`;
}
