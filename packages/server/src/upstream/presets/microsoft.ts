import { object, required, withDefault } from '../../config/collection-shapes.ts';
import { flag, textAs } from '../../config/scalar-shapes.ts';
import { Refused, type Shape } from '../../config/shape.ts';
import type { Preset } from '../preset.ts';
import { BASE_KEYS, buildBase, checkLink, clientId, EMAIL_KEYS, scopes, secretText, webUri } from '../shapes.ts';

/** The tenant of all personal accounts. */
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';

/**
 * One tenant, by its id: the issuer of its tokens has the id in it. `common` and `organizations` have an issuer that is a pattern, so that any
 * tenant in the world could speak for anybody.
 */
const tenant: Shape<string> = textAs({
  allowed: ['the id of a tenant (a GUID)', 'consumers'],
  maxLength: 36,
  read(value) {
    if (value === 'consumers') return CONSUMERS;
    return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value) ? value : new Refused('is not the id of one tenant');
  },
});

/**
 * Microsoft Entra ID: OpenID Connect of one tenant. `email` there is whatever somebody's administrator wrote; only with the optional claim
 * `xms_edov` (`claims: { email_verified: xms_edov }`) does it say that the domain is theirs.
 */
export const microsoft: Preset = {
  label: { en: 'Microsoft', 'zh-CN': 'Microsoft' },
  letter: { en: 'M', 'zh-CN': 'M' },
  shape: object({
    keys: {
      ...BASE_KEYS,
      ...EMAIL_KEYS,
      tenant: required(tenant, 'Directory (tenant) ID, or consumers for personal accounts. For several tenants write several entries.'),
      client_id: required(clientId, 'Application (client) ID.'),
      client_secret: required(secretText, 'Value of a client secret. Best as ${VARIABLE}.'),
      scopes: withDefault(scopes, ['openid', 'profile', 'email'], 'What is asked for.'),
      trust_amr: withDefault(flag, false, 'Whether mfa among its amr counts as two factors.'),
      authority: withDefault(webUri, 'https://login.microsoftonline.com', 'Its host; national clouds have their own.'),
    },
    check: checkLink,
    build: (values) => ({
      ...buildBase(values, 'microsoft'),
      kind: 'oidc',
      issuer: `${values.authority.replace(/\/$/, '')}/${values.tenant}/v2.0`,
      clientId: values.client_id,
      clientAuth: { kind: 'post', secret: values.client_secret },
      scopes: values.scopes,
      idTokenAlg: 'RS256',
      responseMode: 'query',
      userinfo: false,
      trustAmr: values.trust_amr,
    }),
  }),
};
