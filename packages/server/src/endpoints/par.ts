import { formatConfirmation } from '@hufu/protocol/confirmation';
import { OAuthError } from '@hufu/protocol/errors';
import { Form } from '@hufu/protocol/form';
import { PUSHED_SECONDS, pushRequest } from '../authorize/pushed-request.ts';
import { RedirectError, readAuthorizationRequest } from '../authorize/read-request.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { PageError } from '../interaction/page-error.ts';
import { ERROR_KINDS } from '../interaction/pages/error-kinds.ts';
import type { Limited } from '../limits/server-limits.ts';
import { json } from '../reply.ts';
import { expectNonce, readProof } from '../sender/read-sender.ts';
import { type ClientCall, clientEndpoint } from './client-endpoint.ts';

/** Each request costs a row for an hour. Those of clients that only say their name are counted by address, the others by address and client. */
const OF_STRANGERS = ['par-source', 'par'] as const;
const OF_CLIENTS = ['par-client-source', 'par-clients'] as const;

/**
 * The pushed authorization request endpoint (RFC 9126 §2): a client sends the parameters ahead, and the browser comes with a `request_uri`. Every check of an
 * authorization request that needs no user is made here, so that the client hears at once what is wrong (§2.3).
 */
export function pushedAuthorizationRequest(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return clientEndpoint(
    ctx,
    http,
    'par',
    async (call) => {
      const { client, form, trail, now } = call;
      trail.at('push_throttle');
      const subject = { address: http.address, client: client.id };
      const taken = ctx.limits.takeNow(client.confidential ? OF_CLIENTS : OF_STRANGERS, subject);
      if (taken.kind === 'limited') return tooMany(ctx, http, call, taken);
      trail.at('parameters');
      if (form.has('request_uri')) throw new OAuthError('invalid_request', 'request_uri cannot be pushed');
      // RFC 9449 §10.1
      const sender = await readProof(ctx, http, client, trail, now);
      const proven = sender === undefined ? undefined : formatConfirmation(sender);
      const request = await readAuthorizationRequest(
        ctx,
        parametersOf(form, client.id),
        { kind: 'push', client, proven },
        trail,
        now,
      ).catch(toAnswer);
      const uri = await pushRequest(ctx, client, request.form, request.boundKey, now);
      return json(201, { request_uri: uri, expires_in: PUSHED_SECONDS });
    },
    { before: expectNonce },
  );
}

/** What proves who the client is belongs to this request alone (RFC 9126 §2.1). */
function parametersOf(form: Form, clientId: string): Form {
  const names: string[] = ['client_id'];
  const values: string[] = [clientId];
  for (const [name, value] of form.entries()) {
    if (PROOFS.has(name)) continue;
    names.push(name);
    values.push(value);
  }
  return new Form(names, values, [], []);
}

const PROOFS: ReadonlySet<string> = new Set(['client_id', 'client_secret', 'client_assertion', 'client_assertion_type']);

/** What a browser would see on a page, or bring back to the client, stands in the answer (RFC 9126 §2.3). */
function toAnswer(thrown: unknown): never {
  if (thrown instanceof RedirectError) throw thrown.error;
  if (thrown instanceof PageError) throw new OAuthError('invalid_request', ERROR_KINDS[thrown.kind].phrase, { detail: thrown.detail });
  throw thrown;
}

/** RFC 9126 §2.3, RFC 6585 §4. */
function tooMany(ctx: Context, http: HttpRequest, { trail }: ClientCall, { retryAfterSeconds, rule }: Limited): HttpReply {
  const description = 'too many requests were pushed; try again later';
  const refused = { code: 'temporarily_unavailable', description, detail: `limit ${rule}` } as const;
  const decision = ctx.decisions.record('par', 429, refused, trail, http.nowMs);
  const body = { error: refused.code, error_description: refused.description };
  return json(429, body, { 'retry-after': String(retryAfterSeconds), 'hufu-decision': decision });
}
