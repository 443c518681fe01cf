import { type AuthorizationDetails, detailsAt, isSameDetail, readAuthorizationDetails } from '@hufu/protocol/authorization-details';
import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { GrantRecord } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { findResource } from './resources.ts';

/**
 * The `authorization_details` of a request (RFC 9396 §2): of types that are configured here. Throws `invalid_authorization_details`.
 *
 * @param allowed types that the client may ask for; undefined: all.
 */
export function readDetails(ctx: Context, form: Form, allowed: readonly string[] | undefined): AuthorizationDetails {
  return readAuthorizationDetails(form.get('authorization_details'), {
    types: ctx.config.policies.authorizationDetails,
    allowed,
    isLocation: (uri) => findResource(ctx, uri) !== undefined,
  });
}

/**
 * The details of an access token within a grant (RFC 9396 §6): all that are for its resource, or those of them that a token request names, each as it was granted.
 * Throws `invalid_authorization_details`.
 */
export function narrowDetails(ctx: Context, client: Client, grant: DetailedGrant, form: Form, resource: string): AuthorizationDetails {
  const granted = detailsAt(grant.authorizationDetails ?? [], resource);
  const asked = readDetails(ctx, form, client.metadata.authorizationDetailsTypes);
  if (asked.length === 0) return granted;
  if (!asked.every((detail) => granted.some((known) => isSameDetail(known, detail))))
    throw new OAuthError('invalid_authorization_details', 'the authorization details were not granted for this resource');
  return granted.filter((known) => asked.some((detail) => isSameDetail(known, detail)));
}

export type DetailedGrant = { readonly authorizationDetails?: GrantRecord['authorizationDetails'] };

/** No scope token has a quotation mark (RFC 6749 §3.3), so that none is ever taken for a detail. */
const DETAIL = 'detail"';

/** What the bits of a token's mask stand for: the scopes of its grant, then its details by their place. */
export function maskedNames({ scopes, authorizationDetails = [] }: DetailedGrant & Pick<GrantRecord, 'scopes'>): readonly string[] {
  return authorizationDetails.length === 0 ? scopes : [...scopes, ...authorizationDetails.map((_, at) => DETAIL + at)];
}

/** The same of some details of that grant. */
export function namesOfDetails({ authorizationDetails = [] }: DetailedGrant, details: AuthorizationDetails): readonly string[] {
  return authorizationDetails.flatMap((known, at) => (details.some((detail) => isSameDetail(known, detail)) ? [DETAIL + at] : []));
}

/** Reads the names that a mask has apart: scopes, and details. */
export function splitNames(
  { authorizationDetails = [] }: DetailedGrant,
  names: readonly string[],
): { readonly scopes: readonly string[]; readonly authorizationDetails: AuthorizationDetails } {
  if (authorizationDetails.length === 0) return { scopes: names, authorizationDetails: [] };
  return {
    scopes: names.filter((name) => !name.startsWith(DETAIL)),
    authorizationDetails: authorizationDetails.filter((_, at) => names.includes(DETAIL + at)),
  };
}
