import { usesClientSecret } from '@hufu/protocol/client-jose';
import { type ClientMetadata, refuseRegistration } from '@hufu/protocol/client-metadata';
import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import { fetchOutbound, type OutboundReply } from '../outbound/fetch-outbound.ts';
import { freshSeconds } from '../outbound/fresh-seconds.ts';
import { readStranger } from './read-stranger.ts';
import { requireSector } from './sector-identifier.ts';

/** What lies at the address of a client. */
export type DocumentReading =
  | { readonly kind: 'read'; readonly metadata: ClientMetadata; readonly freshSeconds: number }
  /** Something else than the document of that client. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nothing that could be had now. */
  | { readonly kind: 'away'; readonly reason: string };

const MAX_BYTES = 5_120;
const TIMEOUT_MS = 3_000;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json[ \t]*(?:;|$)/i;
/** What proves a client without a secret that two sides know (Client ID Metadata Document §4.1). */
const METHODS: readonly string[] = ['none', 'private_key_jwt'];

/**
 * Fetches and judges the document of a client (OAuth Client ID Metadata Document §4): 200 and nothing else, JSON, small, soon; its
 * `client_id` is its address, byte for byte; no secret, and nothing that is keyed with one (attacks REG-13, REG-14). The rest is judged like
 * any stranger's registration. A document that names no `token_endpoint_auth_method` is of a public client.
 */
export async function readDocument(ctx: Context, id: string): Promise<DocumentReading> {
  let reply: OutboundReply;
  try {
    reply = await fetchOutbound(id, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, allow: ctx.config.policies.outboundAllowHosts });
  } catch (error) {
    return { kind: 'away', reason: error instanceof Error ? error.message.slice(0, 200) : '' };
  }
  if (reply.status >= 500 || reply.status === 429) return { kind: 'away', reason: `its host answered ${reply.status}` };
  try {
    const metadata = readMetadata(ctx, id, reply);
    await requireSector(ctx, metadata);
    return { kind: 'read', metadata, freshSeconds: freshSeconds(reply.cacheControl) };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return { kind: 'refused', reason: error.detail ?? error.description };
  }
}

function readMetadata(ctx: Context, id: string, { status, contentType, body }: OutboundReply): ClientMetadata {
  if (status !== 200) throw refuse(`its host answered ${status}`);
  if (!JSON_TYPE.test(contentType)) throw refuse(`it is ${contentType.slice(0, 100) || 'of no type'}, not JSON`);
  const document = parse(body.toString());
  if (document['client_id'] !== id) throw refuse('its client_id is not its address');
  for (const name of ['client_secret', 'client_secret_expires_at']) if (Object.hasOwn(document, name)) throw refuse(`it has ${name}`);
  const method = document['token_endpoint_auth_method'] ?? 'none';
  if (!METHODS.some((known) => known === method)) throw refuse('its token_endpoint_auth_method is neither none nor private_key_jwt');
  const reading = readStranger(ctx, { ...document, token_endpoint_auth_method: method });
  if (reading.kind === 'refused') throw refuseRegistration(reading.faults);
  if (usesClientSecret(reading.metadata)) throw refuse('it names an algorithm that is keyed with a secret');
  return reading.metadata;
}

function parse(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('it is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('it is no JSON object');
  return Object.fromEntries(Object.entries(value));
}

function refuse(detail: string): OAuthError {
  return new OAuthError('invalid_client_metadata', 'the client metadata document does not do', { detail });
}
