import { OAuthError } from '@hufu/protocol/errors';
import { Form } from '@hufu/protocol/form';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { fetchRequestObject } from './fetch-request-object.ts';
import { openRequestObject, type RequestObject } from './request-object.ts';

/**
 * The parameters that count, where the request brings a request object (RFC 9101 §5, OpenID Connect Core §6). In an OpenID request, which says so outside, what the
 * object does not say is taken from there (Core §6.1), but never more rights than were signed; otherwise, and for a client that must sign, only the
 * object is heard (RFC 9101 §6.3). The same goes for one that is pushed (RFC 9126 §3).
 */
export async function hearRequestObject(ctx: Context, form: Form, client: Client, way: 'sent' | 'pushed', now: number): Promise<Form> {
  if (form.has('registration')) throw new OAuthError('registration_not_supported', 'the registration parameter is not supported');
  const mustSign = mustSignRequests(client);
  const object = await find(ctx, form, client, now);
  if (object === undefined) {
    if (mustSign) throw new OAuthError('invalid_request', 'the client has to sign its requests');
    return form;
  }
  if (mustSign && !object.signed)
    throw new OAuthError('invalid_request_object', 'the request object is not valid', { detail: 'it is not signed' });
  return heard(form, object, client, way);
}

async function find(ctx: Context, form: Form, client: Client, now: number): Promise<RequestObject | undefined> {
  if (!form.has('request') && !form.has('request_uri')) return undefined;
  if (form.has('request') && form.has('request_uri')) throw new OAuthError('invalid_request', 'request and request_uri exclude each other');
  const text = form.get('request');
  if (text !== undefined) return openRequestObject(ctx, client, text, now);
  const uri = form.get('request_uri');
  // Repeated, or it does not read: the checks to come say so.
  if (uri === undefined) return undefined;
  return openRequestObject(ctx, client, await fetchRequestObject(ctx, client, uri), now);
}

function heard(form: Form, object: RequestObject, client: Client, way: 'sent' | 'pushed'): Form {
  const { claims } = object;
  const names: string[] = ['client_id'];
  const values: string[] = [client.id];
  for (const [name, value] of Object.entries(claims)) {
    if (JWT_CLAIMS.has(name)) continue;
    for (const text of toTexts(name, value)) {
      names.push(name);
      values.push(text);
    }
  }
  const inner = new Set(names);
  const type = form.get('response_type');
  if (type !== undefined && inner.has('response_type') && claims['response_type'] !== type)
    throw new OAuthError('invalid_request_object', 'response_type is not the same outside of the request object');
  const openid = type !== undefined && (form.get('scope') ?? '').split(' ').includes('openid');
  if (way === 'pushed' || !openid || object.oauth || mustSignRequests(client)) return new Form(names, values, [], []);
  if (object.signed && !inner.has('scope')) {
    names.push('scope');
    values.push('openid');
  }
  for (const name of form.names()) {
    if (inner.has(name) || name === 'request' || name === 'request_uri') continue;
    if (object.signed && RIGHTS.has(name)) continue;
    for (const value of form.many(name)) {
      names.push(name);
      values.push(value);
    }
  }
  const outer = (name: string): boolean => !inner.has(name);
  return new Form(names, values, form.repeated.filter(outer), form.malformed.filter(outer));
}

/** RFC 9101 §10.5. */
export function mustSignRequests({ metadata }: Client): boolean {
  return metadata.requireSignedRequestObject || metadata.rules.signedRequest === 'required';
}

/** What a signed request asks for, nobody adds to from outside. */
const RIGHTS: ReadonlySet<string> = new Set(['scope', 'resource', 'claims', 'authorization_details']);

/** Members that belong to the JWT and not to the request (RFC 9101 §4), and `client_id`, which has been compared. */
const JWT_CLAIMS: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sub', 'client_id']);
const MAX_PARAMETERS = 64;

/** A parameter as the query would have it: numbers as they are written, `claims` and `authorization_details` as JSON, `resource` one by one. */
function toTexts(name: string, value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value === 'number' && Number.isFinite(value)) return [String(value)];
  if (name === 'claims' && typeof value === 'object' && value !== null) return [JSON.stringify(value)];
  if (name === 'authorization_details' && Array.isArray(value)) return [JSON.stringify(value)];
  if (name === 'resource' && Array.isArray(value) && value.length <= MAX_PARAMETERS && value.every((item) => typeof item === 'string'))
    return value;
  // Unknown parameters are nothing, whatever their shape (RFC 6749 §3.1).
  if (!KNOWN.has(name)) return [];
  throw new OAuthError('invalid_request_object', 'a parameter in the request object has the wrong type', { detail: name });
}

const KNOWN: ReadonlySet<string> = new Set(
  (
    'response_type response_mode redirect_uri scope state nonce prompt max_age display ui_locales claims_locales id_token_hint login_hint ' +
    'acr_values claims resource code_challenge code_challenge_method registration authorization_details dpop_jkt'
  ).split(' '),
);
