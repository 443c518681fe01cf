import type { TFunction } from 'i18next';
import type { FieldGroup, FormField } from './form-field.ts';
import { type Members, withMember } from './members.ts';

/** Grant types that a client may be given, by the name of their words. A test holds them against the protocol’s. */
export const GRANT_TYPES = {
  authorization_code: 'authorization_code',
  refresh_token: 'refresh_token',
  client_credentials: 'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code': 'device_code',
  'urn:openid:params:grant-type:ciba': 'ciba',
  'urn:ietf:params:oauth:grant-type:token-exchange': 'token_exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer': 'jwt_bearer',
  'urn:ietf:params:oauth:grant-type:saml2-bearer': 'saml2_bearer',
  implicit: 'implicit',
  password: 'password',
} as const;

/** How a client may prove itself; attested ones stand in hufu.yaml alone. */
export const AUTH_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
] as const;

/** The members of a client that have a field of their own (RFC 7591 §2, and ours under `hufu`); all others are in all of it. */
export function clientFields(t: TFunction): readonly FieldGroup[] {
  const field = (
    kind: FormField['kind'],
    path: string,
    name: keyof typeof import('../i18n/en.ts').en.edit.client,
    more: Partial<FormField> = {},
  ): FormField => ({ kind, path: path.split('.'), label: t(`edit.client.${name}`), ...more });
  const as = (...values: readonly string[]): Partial<FormField> => ({ choices: values.map((value) => ({ value, label: value })) });
  const duration = { hint: t('edit.hint.duration') };
  const lines = { hint: t('edit.hint.lines') };
  const grantTypes = Object.entries(GRANT_TYPES).map(([value, word]) => ({ value, label: t(`edit.grantType.${word}`) }));
  return [
    {
      title: t('edit.group.looks'),
      fields: [
        field('text', 'client_name', 'name'),
        field('text', 'client_uri', 'uri'),
        field('text', 'logo_uri', 'logo'),
        field('text', 'policy_uri', 'policy'),
        field('text', 'tos_uri', 'terms'),
        field('lines', 'contacts', 'contacts', lines),
      ],
    },
    {
      title: t('edit.group.places'),
      fields: [
        field('lines', 'redirect_uris', 'redirects', { hint: t('edit.hint.redirects') }),
        field('lines', 'post_logout_redirect_uris', 'afterSignOut', lines),
        field('choice', 'application_type', 'applicationType', as('web', 'native')),
      ],
    },
    {
      title: t('edit.group.asks'),
      fields: [
        field('choices', 'grant_types', 'grantTypes', { choices: grantTypes }),
        field('words', 'scope', 'scope', { hint: t('edit.hint.scope') }),
        field('flag', 'require_pushed_authorization_requests', 'pushed'),
        field('choice', 'hufu.pkce', 'pkce', as('required', 'optional')),
      ],
    },
    {
      title: t('edit.group.proof'),
      fields: [
        field('choice', 'token_endpoint_auth_method', 'auth', { ...as(...AUTH_METHODS), hint: t('edit.hint.auth') }),
        field('text', 'jwks_uri', 'jwksUri'),
        field('flag', 'dpop_bound_access_tokens', 'dpop'),
        field('choice', 'hufu.dpop_nonce', 'dpopNonce', as('required', 'optional')),
        field('flag', 'hufu.first_party', 'firstParty', { hint: t('edit.hint.firstParty') }),
      ],
    },
    {
      title: t('edit.group.tokens'),
      fields: [
        field('amount', 'hufu.access_token_ttl', 'accessTtl', duration),
        field('amount', 'hufu.refresh_token.absolute', 'refreshAbsolute', duration),
        field('amount', 'hufu.refresh_token.idle', 'refreshIdle', duration),
        field('choice', 'hufu.refresh_token.rotation', 'rotation', as('on', 'off')),
        field('amount', 'hufu.max_grants_per_user', 'maxGrants'),
      ],
    },
  ];
}

const REDIRECTING = ['authorization_code', 'implicit'] as const;

/** Response types follow the grant types that they belong to (RFC 7591 §2.1): where those changed, the server’s defaults hold again. */
export function followGrantTypes(value: Members, before: Members): Members {
  const of = (members: Members): readonly unknown[] =>
    Array.isArray(members['grant_types']) ? members['grant_types'] : ['authorization_code'];
  const [now, then] = [of(value), of(before)];
  const isSame = REDIRECTING.every((name) => now.includes(name) === then.includes(name));
  if (isSame) return value;
  return withMember(value, ['response_types'], now.includes('implicit') ? responseTypesOf(now) : undefined);
}

/** The implicit flow has no default: what it answers has to be said. */
function responseTypesOf(grantTypes: readonly unknown[]): readonly string[] {
  return [...(grantTypes.includes('authorization_code') ? ['code'] : []), 'id_token token'];
}
