import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import { Form, readForm, writeForm } from '@hufu/protocol/form';
import { readHolder, SECRET_LENGTH, writeHolder } from '@hufu/protocol/tally';
import type { PushedRequest as StoredRequest } from '@hufu/store/port';
import { MAX_PUSHED_REQUEST, PUSHED_REQUEST_SECONDS } from '@hufu/store/retention';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { PageError } from '../interaction/page-error.ts';
import { ensureStored } from '../registration/ensure-stored.ts';
import { sha256 } from '../tokens/secrets.ts';

/** A pushed request on its way to its one answer. */
export interface PushedReference {
  readonly id: number;
  /** Seconds since 1970: when nobody can answer it any more. */
  readonly end: number;
}

/** A request that was pushed by the client that comes with its `request_uri`. */
export interface PushedRequest extends PushedReference {
  /** What was checked when it came. */
  readonly form: Form;
  /** The key that its proof was made with (RFC 9449 §10.1). */
  readonly boundKey: string | undefined;
}

/** Seconds to come with a `request_uri` (RFC 9126 §2.2). */
export const PUSHED_SECONDS = 60;

const URN = 'urn:ietf:params:oauth:request_uri:';

/** Whether a `request_uri` names a pushed request, and not a place to fetch one from. */
export function isPushedUri(uri: string | undefined): uri is string {
  return uri?.startsWith(URN) === true;
}

/**
 * Keeps an authorization request that has been checked (RFC 9126 §2.2). The row has the hash of a secret that only the `request_uri` has; its seal lets guesses
 * die without the store. What is asked for is encrypted: it may be a payment, a name, an ID token. Throws `invalid_request` for more than
 * `MAX_PUSHED_REQUEST` characters of that.
 *
 * @returns the `request_uri`.
 */
export async function pushRequest(ctx: Context, client: Client, form: Form, boundKey: string | undefined, now: number): Promise<string> {
  const text = writeForm(form.entries());
  const secret = ctx.random.text(SECRET_LENGTH);
  const secretHash = sha256(secret);
  const parameters = ctx.keys.sealSecret(text, sealContext(ctx, client.id, secretHash));
  if (parameters.length > MAX_PUSHED_REQUEST)
    throw new OAuthError('invalid_request', 'the request is too long', { detail: `${text.length} characters` });
  // A row belongs to a client that has one.
  if (client.record.source === 'document') await ensureStored(ctx, client, now);
  const request = {
    secretHash,
    clientId: client.id,
    parameters,
    boundKey,
    createdAt: now,
    expiresAt: now + PUSHED_SECONDS,
  };
  const { id } = await ctx.store.pushRequest(ctx.tenant, request, now);
  return URN + writeHolder(ctx.keys.tally, 'pushed', { keyId: ctx.keys.sealKeyId, id, generation: 0 }, secret);
}

/**
 * The request behind a `request_uri` of ours (RFC 9126 §4). Throws `PageError`: until it is known, nobody can be told by redirect.
 *
 * @param when `begins`: the client has just sent the browser, which it may for a minute. `goes_on`: one of our pages serves it already.
 */
export async function findPushedRequest(
  ctx: Context,
  client: Client,
  uri: string,
  when: 'begins' | 'goes_on',
  now: number,
): Promise<PushedRequest> {
  const credential = readHolder(ctx.keys.tally, 'pushed', uri.slice(URN.length));
  if (credential === undefined) throw new PageError('request_uri_invalid', 'it is not one of ours, or was changed');
  const row = await ctx.store.findPushedRequest(ctx.tenant, credential.id);
  // Whoever has the text has what we gave out: its row has fallen.
  if (row === undefined) throw new PageError('request_uri_expired', 'its request has gone; it may have expired long ago');
  if (!equalText(row.secretHash, sha256(credential.secret)))
    throw new PageError('request_uri_invalid', 'its secret is not the one the row knows');
  if (row.clientId !== client.id) throw new PageError('request_uri_invalid', `it was pushed by ${row.clientId}`);
  const end = row.expiresAt + PUSHED_REQUEST_SECONDS;
  const last = when === 'begins' ? row.expiresAt : end;
  if (last <= now) throw new PageError('request_uri_expired', `expired ${now - last} seconds ago`);
  return { id: row.id, end, form: openPushed(ctx, row), boundKey: row.boundKey };
}

/** @throws MasterKeyError where they are another row's */
export function openPushed(
  ctx: Pick<Context, 'keys' | 'tenant'>,
  { parameters, clientId, secretHash }: Pick<StoredRequest, 'parameters' | 'clientId' | 'secretHash'>,
): Form {
  return readForm(ctx.keys.openSecret(parameters, sealContext(ctx, clientId, secretHash)));
}

function sealContext({ tenant }: Pick<Context, 'tenant'>, clientId: string, secretHash: string): string {
  return `pushed_request ${tenant} ${clientId} ${secretHash}`;
}

/** What goes on through our pages instead of the parameters. */
export function referenceForm(client: Client, uri: string): Form {
  return new Form(['client_id', 'request_uri'], [client.id, uri], [], []);
}

/** Takes the one answer that a pushed request gets (RFC 9126 §4), whether that is a code or an error. False where it has had it. */
export function takeAnswer(ctx: Context, { id, end }: PushedReference, now: number): Promise<boolean> {
  return ctx.store.takeOnce(ctx.tenant, 'pushed_request', String(id), end, now);
}
