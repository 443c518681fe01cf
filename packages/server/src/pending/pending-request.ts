import type { BackchannelAuthentication } from '@hufu/protocol/client-backchannel';
import type { PendingAuthorization } from '@hufu/store/port';
import { sha256 } from '../tokens/secrets.ts';

/** What waits for somebody's decision, as its row keeps it: what was asked for, and what the page shows. */
export interface PendingRequest {
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  /** Where the device asked from (RFC 8628 §5.4); '' for CIBA, where a server asks. */
  readonly address: string;
  readonly userAgent: string;
  /** OpenID Connect CIBA §7.1. */
  readonly bindingMessage: string | undefined;
  /** How the client of CIBA hears of the decision; undefined where it asks. */
  readonly notice: Notice | undefined;
}

/** What it takes to tell a client of a decision (OpenID Connect CIBA §10.2, §10.3). */
export interface Notice {
  readonly mode: Exclude<BackchannelAuthentication['mode'], 'poll'>;
  /** What the secrets are made of that we have to say again: with our key, the `auth_req_id`. */
  readonly seed: string;
  /** The seal key of the `auth_req_id`. */
  readonly keyId: number;
  /** `client_notification_token`, encrypted. */
  readonly token: string;
}

/**
 * What a row knows a secret by, and the grant that comes of it. In a domain of its own: no authorization code has that hash, so that none goes in the place of
 * the other, without the checks of its own grant type.
 */
export function hashPendingSecret(kind: PendingAuthorization['kind'], secret: string): string {
  return sha256(`hufu ${kind} ${secret}`);
}

/** `notify` is the store's: it is how it finds those whose client is to be told. */
export function writePendingRequest(request: PendingRequest): Readonly<Record<string, unknown>> {
  return { ...request, notify: request.notice !== undefined };
}

/** Throws `TypeError` where the row holds something else: only we write it. */
export function readPendingRequest({ request }: Pick<PendingAuthorization, 'request'>): PendingRequest {
  const { scopes, resources, address, userAgent, bindingMessage, notice } = request;
  if (!isTexts(scopes) || !isTexts(resources) || typeof address !== 'string' || typeof userAgent !== 'string')
    throw new TypeError('a pending authorization without its request');
  return {
    scopes,
    resources,
    address,
    userAgent,
    bindingMessage: typeof bindingMessage === 'string' ? bindingMessage : undefined,
    notice: readNotice(notice),
  };
}

function readNotice(value: unknown): Notice | undefined {
  const { mode, seed, keyId, token }: Readonly<Record<string, unknown>> = Object(value);
  if (mode !== 'ping' && mode !== 'push') return undefined;
  if (typeof seed !== 'string' || typeof keyId !== 'number' || typeof token !== 'string')
    throw new TypeError('a pending authorization that cannot be told of');
  return { mode, seed, keyId, token };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
