import type { FieldReader, TextRules } from './field-reader.ts';
import { CIBA } from './grant-type.ts';
import { SIGNATURE_ALGS } from './jose-algorithms.ts';

/** How a client asks for somebody's sign-in behind their browser's back (OpenID Connect CIBA §4). */
export interface BackchannelAuthentication {
  /** `poll`: it asks again and again. `ping`: it is told when to ask. `push`: it is sent the tokens. */
  readonly mode: 'poll' | 'ping' | 'push';
  /** Where it is told; there with `ping` and `push`. */
  readonly notificationEndpoint: string | undefined;
  /** The algorithm that all its requests are signed with; undefined: they may be plain. */
  readonly requestSigningAlg: string | undefined;
}

/** Reads the members of OpenID Connect CIBA §4. The user code of §7.1 (a word that the user gave the client) is not supported. */
export function readBackchannelAuthentication(fields: FieldReader, uri: TextRules): BackchannelAuthentication | undefined {
  const mode = fields.choice<BackchannelAuthentication['mode']>('backchannel_token_delivery_mode', ['poll', 'ping', 'push']);
  const notificationEndpoint = fields.text('backchannel_client_notification_endpoint', uri);
  const requestSigningAlg = fields.choice('backchannel_authentication_request_signing_alg', SIGNATURE_ALGS);
  if (fields.flag('backchannel_user_code_parameter') === true)
    fields.fault(['backchannel_user_code_parameter'], 'is true, but this server takes no user_code');
  return mode === undefined ? undefined : { mode, notificationEndpoint, requestSigningAlg };
}

/** Under wire names; undefined members are to be left out. */
export function writeBackchannelAuthentication(
  metadata: BackchannelAuthentication | undefined,
): Readonly<Record<string, string | undefined>> {
  return {
    backchannel_token_delivery_mode: metadata?.mode,
    backchannel_client_notification_endpoint: metadata?.notificationEndpoint,
    backchannel_authentication_request_signing_alg: metadata?.requestSigningAlg,
  };
}

/** What of a client's metadata has a say in it. */
interface Judged {
  readonly grantTypes: readonly string[];
  readonly backchannelAuthentication: BackchannelAuthentication | undefined;
  readonly jwks: object | undefined;
  readonly jwksUri: string | undefined;
  readonly settings: { readonly profile: string | undefined };
}

const BOUND = ['dpop_bound_access_tokens', 'tls_client_certificate_bound_access_tokens'];

/** What goes together (OpenID Connect CIBA §4). */
export function checkBackchannelAuthentication(metadata: Judged, fields: FieldReader): void {
  const { grantTypes, backchannelAuthentication: asked } = metadata;
  if (asked === undefined) {
    if (grantTypes.includes(CIBA) && fields.take('backchannel_token_delivery_mode') === undefined)
      fields.fault(['backchannel_token_delivery_mode'], `is needed for ${CIBA}`);
    return;
  }
  if (asked.mode !== 'poll' && fields.take('backchannel_client_notification_endpoint') === undefined)
    fields.fault(['backchannel_client_notification_endpoint'], `is needed: backchannel_token_delivery_mode is ${asked.mode}`);
  // What is pushed goes to nobody who could prove to have a key (and FAPI-CIBA has no push).
  const bound = BOUND.find((name) => fields.take(name) === true);
  if (asked.mode === 'push' && (bound !== undefined || metadata.settings.profile !== undefined))
    fields.fault(['backchannel_token_delivery_mode'], `is push, which does not go with ${bound ?? 'hufu.profile'}`);
  if (asked.requestSigningAlg !== undefined && metadata.jwks === undefined && metadata.jwksUri === undefined)
    fields.fault(['jwks'], 'is needed (or jwks_uri): backchannel_authentication_request_signing_alg is there');
}
