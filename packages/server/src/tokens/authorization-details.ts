import { type AuthorizationDetails, detailsAt, isSameDetail, readAuthorizationDetails } from '@hufu/protocol/authorization-details';
import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import { ALL_DETAILS } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import { type Client, isVouchedFor } from '../client-record.ts';
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

/** Types that a client may ask for in the name of a user: a stranger names them (RFC 9396 §10), an administrator need not. Undefined: all. */
export function allowedTypes({ metadata, record }: Client): readonly string[] | undefined {
  return metadata.authorizationDetailsTypes ?? (isVouchedFor(record) ? undefined : []);
}

/**
 * Which of its grant's details an access token has (RFC 9396 §6): all that are for its resource, or those of them that a token request names, each as it was
 * granted. As `AccessExtension.details`. Throws `invalid_authorization_details`.
 */
export function narrowDetails(ctx: Context, client: Client, grant: DetailedGrant, form: Form, resource: string): number {
  const asked = readDetails(ctx, form, allowedTypes(client));
  if (asked.length === 0) return detailsFor(grant, resource);
  const granted = detailsAt(grant.authorizationDetails ?? [], resource);
  if (!asked.every((detail) => granted.some((known) => isSameDetail(known, detail))))
    throw new OAuthError('invalid_authorization_details', 'the authorization details were not granted for this resource');
  return maskOf(
    grant,
    granted.filter((known) => asked.some((detail) => isSameDetail(known, detail))),
  );
}

export type DetailedGrant = { readonly authorizationDetails?: GrantRecord['authorizationDetails'] };

/** All of a grant's details that are for a resource (RFC 9396 §6.1), as `AccessExtension.details`. */
export function detailsFor(grant: DetailedGrant, resource: string): number {
  return grant.authorizationDetails === undefined ? ALL_DETAILS : maskOf(grant, detailsAt(grant.authorizationDetails, resource));
}

/** One bit for each of a grant's details that is among `some`; `ALL_DETAILS` where each of them is. */
function maskOf({ authorizationDetails = [] }: DetailedGrant, some: AuthorizationDetails): number {
  const bits = authorizationDetails.map((known, at) => (some.includes(known) ? 0x8000 >>> at : 0));
  return bits.includes(0) ? bits.reduce((mask, bit) => mask | bit, 0) : ALL_DETAILS;
}
