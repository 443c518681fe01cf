import { ADMIN_SCOPES } from '@hufu/protocol/admin/roles';
import { OAuthError } from '@hufu/protocol/errors';
import type { Client } from '../client-record.ts';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';

/** Following the revocation log. */
export const REVOCATIONS_SCOPE = 'hufu:revocations';
/** Nobody gets one of these without asking for it by name, nor by registering it. */
export const OWN_API_SCOPES: ReadonlySet<string> = new Set([REVOCATIONS_SCOPE, ...ADMIN_SCOPES]);

/** RFC 8707 identifier of the revocation log. */
export function revocationsResource(issuer: string): string {
  return `${issuer}/oauth/revocations`;
}

/** RFC 8707 identifier of the administrators' API. */
export function adminResource(issuer: string): string {
  return `${issuer}/admin/v1`;
}

/**
 * Whether an administrator let it follow the revocation log, or answer for a resource. Neither is ever registered; and a public client proves nothing
 * of whom it is.
 */
export function mayFollowRevocations({ confidential, metadata: { settings } }: Client): boolean {
  return confidential && (settings.followsRevocations || settings.resourceServerOf.length > 0);
}

/** Whether the configuration names the scope for it. */
export function isAdministrative({ confidential, record, metadata: { scopes } }: Client, scope: string): boolean {
  return confidential && record.source === 'config' && scopes?.includes(scope) === true;
}

/** Whether the configuration lets people give the client the scope. What they may do is still a matter of their role. */
export function mayAskForPeople({ record, metadata: { scopes } }: Client, scope: string): boolean {
  return record.source === 'config' && scopes?.includes(scope) === true;
}

/** The administrators' API as the resource of tokens. They are opaque: one look at the row, so that they end when they are revoked. */
export function adminApi(issuer: string): ResourceConfig {
  return { identifier: adminResource(issuer), scopes: ADMIN_SCOPES, tokenFormat: 'opaque', signingAlg: 'ES256', tokenTtlSeconds: 600 };
}

/**
 * Our own API that a client asks for on its own behalf (RFC 6749 §4.4), with the scopes of it that the client may have: the one it names (RFC 8707 §2), or
 * the one that the scopes it asks for are of. Undefined where it asks for something else. Throws `invalid_target` for two at once and for what it may not have.
 *
 * @param asked undefined where it asks for whatever it may have.
 */
export function findOwnApi(
  { issuer }: Pick<Context, 'issuer'>,
  client: Client,
  named: readonly string[],
  asked: readonly string[] | undefined,
): ResourceConfig | undefined {
  const apis = [
    api(revocationsResource(issuer), [REVOCATIONS_SCOPE], () => mayFollowRevocations(client)),
    api(adminResource(issuer), ADMIN_SCOPES, (scope) => isAdministrative(client, scope)),
  ];
  const wanted = apis.filter(({ identifier, all }) => named.includes(identifier) || all.some((scope) => asked?.includes(scope)));
  const [found, another] = wanted;
  if (found === undefined) return undefined;
  if (another !== undefined || named.some((identifier) => identifier !== found.identifier))
    throw new OAuthError('invalid_target', 'an access token is for one resource');
  if (found.scopes.length === 0) throw new OAuthError('invalid_target', 'the client may not get tokens for this resource');
  return found;
}

/** Its tokens are opaque: one look at the row, so that they end when they are revoked. */
function api(
  identifier: string,
  all: readonly string[],
  isOpen: (scope: string) => boolean,
): ResourceConfig & { /** Those that the client may not have among them. */ readonly all: readonly string[] } {
  return { identifier, all, scopes: all.filter(isOpen), tokenFormat: 'opaque', signingAlg: 'ES256', tokenTtlSeconds: 600 };
}
