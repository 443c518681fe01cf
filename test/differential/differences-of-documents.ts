import { demanded, free, type KnownDifference, lacking } from './known-difference.ts';

const MEMBERS = '/.well-known/openid-configuration: its members';

/** In the documents. */
export const DOCUMENT_DIFFERENCES: readonly KnownDifference[] = [
  demanded(/: by POST$/, 'outcome', ['405', '404'], 'RFC 9110 §15.5.6', 'The address is there, the method is not.'),
  free(MEMBERS, 'metadata ui_locales_supported', ['there', 'nothing'], 'OpenID Connect Discovery §3', 'Optional; English and Chinese.'),
  free(MEMBERS, 'metadata display_values_supported', ['there', 'nothing'], 'OpenID Connect Discovery §3', 'Optional.'),
  free(MEMBERS, 'metadata acr_values_supported', ['there', 'nothing'], 'OpenID Connect Discovery §3', 'Optional; what can be reached.'),
  free(
    MEMBERS,
    'metadata introspection_signing_alg_values_supported',
    ['there', 'nothing'],
    'RFC 9701 §7',
    'Optional; there it is switched off.',
  ),
  free(
    MEMBERS,
    'metadata introspection_encryption_alg_values_supported',
    ['there', 'nothing'],
    'RFC 9701 §7',
    'Optional; there it is switched off.',
  ),
  free(
    MEMBERS,
    'metadata introspection_encryption_enc_values_supported',
    ['there', 'nothing'],
    'RFC 9701 §7',
    'Optional; there it is switched off.',
  ),
  free(MEMBERS, 'metadata dpop_signing_alg_values_supported', ['there', 'nothing'], 'RFC 9449 §5.1', 'Optional; there it is switched off.'),
  free(MEMBERS, 'metadata prompt_values_supported', ['there', 'nothing'], 'OpenID Connect Prompt Create §4.2', 'Optional.'),
  ...['revocation', 'introspection'].flatMap((endpoint) =>
    ['auth_methods', 'auth_signing_alg_values'].map((what) =>
      free(
        MEMBERS,
        `metadata ${endpoint}_endpoint_${what}_supported`,
        ['there', 'nothing'],
        'RFC 8414 §2',
        'Left out, it would mean client_secret_basic alone.',
      ),
    ),
  ),
  lacking(
    MEMBERS,
    'metadata request_uri_parameter_supported',
    ['true', 'false'],
    'OpenID Connect Core §6.2',
    'Request objects by reference.',
  ),
  lacking(
    MEMBERS,
    'metadata require_request_uri_registration',
    ['true', 'nothing'],
    'OpenID Connect Discovery §3',
    'Only what a client registered is fetched.',
  ),
  lacking(
    MEMBERS,
    'metadata response_modes_supported',
    ['form_post, form_post.jwt, fragment, fragment.jwt, jwt, query, query.jwt', 'form_post, fragment, query'],
    'JARM §4',
    'Answers as JWTs.',
  ),
  ...['signing_alg', 'encryption_alg', 'encryption_enc'].map((what) =>
    lacking(MEMBERS, `metadata authorization_${what}_values_supported`, ['there', 'nothing'], 'JARM §4', 'Answers as JWTs.'),
  ),
  lacking(MEMBERS, 'metadata pushed_authorization_request_endpoint', ['there', 'nothing'], 'RFC 9126 §5', 'Pushed requests.'),
  lacking(MEMBERS, 'metadata check_session_iframe', ['there', 'nothing'], 'OpenID Connect Session Management §3.3', 'Session management.'),
  ...[
    ['authentication_endpoint', 'there'],
    ['token_delivery_modes_supported', 'there'],
    ['authentication_request_signing_alg_values_supported', 'there'],
    ['user_code_parameter_supported', 'false'],
  ].map(([member = '', ours = '']) =>
    lacking(
      MEMBERS,
      `metadata backchannel_${member}`,
      [ours, 'nothing'],
      'OpenID Connect CIBA §4',
      'Backchannel authentication; off over there.',
    ),
  ),
  lacking(
    MEMBERS,
    'metadata frontchannel_logout_supported',
    ['true', 'nothing'],
    'OpenID Connect Front-Channel Logout §3',
    'Front-channel logout.',
  ),
  lacking(
    MEMBERS,
    'metadata frontchannel_logout_session_supported',
    ['true', 'nothing'],
    'OpenID Connect Front-Channel Logout §3',
    'The same.',
  ),
  free(
    '/oauth/jwks: members of the keys',
    'key undefined enc RSA',
    ['e kid n', 'nothing'],
    'RFC 7517 §4.4',
    'alg is optional; the key takes RSA-OAEP and RSA-OAEP-256.',
  ),
  free('/oauth/jwks: members of the keys', 'key RSA-OAEP-256 enc RSA', ['nothing', 'e kid n'], 'RFC 7517 §4.4', 'The same.'),
  free(
    '/oauth/jwks: members of the keys',
    'key undefined enc EC',
    ['crv kid x y', 'nothing'],
    'RFC 7518 §4.6',
    'For those who encrypt with ECDH-ES.',
  ),
];
