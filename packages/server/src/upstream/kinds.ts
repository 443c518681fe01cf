import { X509Certificate } from 'node:crypto';
import { isLoopbackHost } from '@hufu/protocol/web-uri';
import { list, object, optional, required, withDefault } from '../config/collection-shapes.ts';
import { findText, findValue, type MapNode } from '../config/node.ts';
import { choice, flag, text, textAs } from '../config/scalar-shapes.ts';
import type { Secret } from '../config/secret.ts';
import { type Failed, Refused, type Shape, type Spot } from '../config/shape.ts';
import { existingFile } from '../config/tls-shape.ts';
import type { LdapUpstream, OAuth2Upstream, OidcUpstream, SamlUpstream, Upstream } from '../config/upstream-config.ts';
import { BASE_KEYS, buildBase, checkLink, clientId, EMAIL_KEYS, identifier, scopes, secretText, webUri } from './shapes.ts';

/** Asymmetric: whoever knows the client secret must not be able to say who somebody is. */
const ID_TOKEN_ALGS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const;

const CLIENT_AUTH = ['client_secret_basic', 'client_secret_post', 'none'] as const;

const oidc: Shape<OidcUpstream> = object({
  keys: {
    ...BASE_KEYS,
    ...EMAIL_KEYS,
    issuer: required(webUri, 'Its issuer, byte for byte; its metadata is found from it (OpenID Connect Discovery).'),
    client_id: required(clientId, 'What we are called there.'),
    client_secret: optional(secretText, 'Our secret there. Best as ${VARIABLE}.'),
    client_auth: withDefault(choice(CLIENT_AUTH), 'client_secret_basic', 'How the secret is sent.'),
    scopes: withDefault(scopes, ['openid', 'profile', 'email'], 'What is asked for.'),
    id_token_alg: withDefault(choice(ID_TOKEN_ALGS), 'RS256', 'The one algorithm of its ID tokens.'),
    response_mode: withDefault(choice(['query', 'form_post']), 'query', 'How its answer comes.'),
    userinfo: withDefault(flag, true, 'Whether its userinfo endpoint is asked too.'),
    trust_amr: withDefault(flag, false, 'Whether mfa among its amr counts as two factors.'),
  },
  check(node, spot) {
    return checkSecret(node, spot) ?? checkLink(node, spot);
  },
  build: (values) => ({
    ...buildBase(values, undefined),
    kind: 'oidc',
    issuer: values.issuer,
    clientId: values.client_id,
    clientAuth: clientAuthOf(values.client_auth, values.client_secret),
    scopes: values.scopes,
    idTokenAlg: values.id_token_alg,
    responseMode: values.response_mode,
    userinfo: values.userinfo,
    trustAmr: values.trust_amr,
  }),
});

const oauth2: Shape<OAuth2Upstream> = object({
  keys: {
    ...BASE_KEYS,
    ...EMAIL_KEYS,
    issuer: required(identifier, 'A name for whoever says who people are, which they are kept under. Never to be changed.'),
    answer_issuer: optional(webUri, 'iss that its answers have to bring (RFC 9207).'),
    client_id: required(clientId, 'What we are called there.'),
    client_secret: optional(secretText, 'Our secret there. Best as ${VARIABLE}.'),
    client_auth: withDefault(choice(CLIENT_AUTH), 'client_secret_basic', 'How the secret is sent.'),
    scopes: withDefault(scopes, [], 'What is asked for.'),
    pkce: withDefault(flag, true, 'Whether it knows PKCE (RFC 7636).'),
    authorization_endpoint: required(webUri, 'Where people are sent.'),
    token_endpoint: required(webUri, 'Where the code is exchanged.'),
    userinfo_endpoint: required(webUri, 'What says in JSON whose token it is.'),
    subject: required(text(100), 'Member of that JSON that names somebody for ever: an id, never an address or a name.'),
  },
  check(node, spot) {
    return checkSecret(node, spot) ?? checkLink(node, spot);
  },
  build: (values) => ({
    ...buildBase(values, undefined),
    kind: 'oauth2',
    issuer: values.issuer,
    answerIssuer: values.answer_issuer,
    clientId: values.client_id,
    clientSecret: values.client_auth === 'none' ? undefined : values.client_secret,
    clientAuth: values.client_auth === 'client_secret_post' ? 'post' : 'basic',
    scopes: values.scopes,
    pkce: values.pkce,
    endpoints: {
      authorization: values.authorization_endpoint,
      token: values.token_endpoint,
      userinfo: values.userinfo_endpoint,
      emails: undefined,
    },
    subject: values.subject,
    keys: {},
  }),
});

/** PEM. What it says of itself but for its key is not looked at: it was pinned by whoever wrote it here. */
const certificate: Shape<string> = textAs({
  allowed: ['a certificate in PEM, with an RSA key'],
  maxLength: 16_384,
  read(value) {
    try {
      const { publicKey } = new X509Certificate(value);
      const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
      return publicKey.asymmetricKeyType === 'rsa' && bits >= 2048 ? value : new Refused('has no RSA key of 2048 bits or more');
    } catch {
      return new Refused('is not a certificate');
    }
  },
});

const saml: Shape<SamlUpstream> = object({
  keys: {
    ...BASE_KEYS,
    entity_id: required(identifier, 'Its entity ID.'),
    sso_url: required(webUri, 'Its single sign-on service with the redirect binding.'),
    certificates: required(list(certificate, { min: 1, max: 10 }), 'Certificates that sign its assertions (PEM).'),
    subject: optional(text(200), 'Attribute that names somebody for ever. By default the NameID, which then has to be persistent.'),
  },
  build: (values) => ({
    ...buildBase(values, undefined),
    kind: 'saml',
    entityId: values.entity_id,
    ssoUrl: values.sso_url,
    certificates: values.certificates,
    subject: values.subject,
  }),
});

const ldapUrl: Shape<string> = textAs({
  allowed: ['ldaps://host[:port]', 'ldap://host[:port] with start_tls'],
  maxLength: 300,
  read: (value) =>
    /^ldaps?:\/\/(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(value) ? value : new Refused('is not an LDAP URL'),
});

const ldap: Shape<LdapUpstream> = object({
  keys: {
    ...BASE_KEYS,
    url: required(ldapUrl, 'The directory.'),
    start_tls: withDefault(flag, false, 'Whether TLS begins on a plain connection. Needed with ldap://.'),
    ca: optional(existingFile, 'PEM file: the authority of its certificate, where the system does not know it.'),
    bind_dn: optional(text(1000), 'Who looks people up. Without it nobody in particular.'),
    bind_password: optional(secretText, 'Its password. Best as ${VARIABLE}.'),
    create: withDefault(flag, true, 'Whether somebody whom the directory knows gets an account with their first sign-in.'),
    base_dn: required(text(1000), 'Below what people are looked for.'),
    filter: withDefault(
      textAs({
        allowed: ['(uid={username})'],
        maxLength: 1000,
        read: (value) => (/^\(.*\{username\}.*\)$/s.test(value) ? value : new Refused('has no {username}, or no parentheses')),
      }),
      '(uid={username})',
      'Finds one entry by the name that somebody types (RFC 4515); {username} is the escaped name.',
    ),
    subject: withDefault(text(100), 'entryUUID', 'Attribute that names somebody for ever: entryUUID, or objectGUID of Active Directory.'),
  },
  check: checkLdap,
  build: (values) => ({
    ...buildBase(values, undefined),
    kind: 'ldap',
    url: values.url,
    startTls: values.start_tls,
    ca: values.ca,
    bind:
      values.bind_dn === undefined || values.bind_password === undefined
        ? undefined
        : { dn: values.bind_dn, password: values.bind_password },
    baseDn: values.base_dn,
    filter: values.filter,
    subject: values.subject,
  }),
});

/** Every `kind`. */
export const KINDS: ReadonlyMap<string, Shape<Upstream>> = new Map<string, Shape<Upstream>>([
  ['oidc', oidc],
  ['oauth2', oauth2],
  ['saml', saml],
  ['ldap', ldap],
]);

function clientAuthOf(method: (typeof CLIENT_AUTH)[number], secret: Secret<string> | undefined): OidcUpstream['clientAuth'] {
  if (secret === undefined || method === 'none') return { kind: 'none' };
  return { kind: method === 'client_secret_post' ? 'post' : 'basic', secret };
}

function checkSecret(node: MapNode, spot: Spot): Failed | undefined {
  const needed = findText(findValue(node, 'client_auth')) !== 'none';
  const there = findValue(node, 'client_secret') !== undefined;
  if (needed === there) return undefined;
  return spot.at('client_secret').report(node.place, needed ? 'is missing' : 'has no use with client_auth: none', '');
}

/** Passwords go over a wire that nobody else reads. */
function checkLdap(node: MapNode, spot: Spot): Failed | undefined {
  const url = URL.parse(findText(findValue(node, 'url')) ?? '');
  const tls = findValue(node, 'start_tls');
  const startTls = tls?.kind === 'scalar' && (tls.value === true || tls.value === 'true');
  if (url?.protocol === 'ldap:' && !startTls && !isLoopbackHost(url.hostname))
    return spot.at('url').report(node.place, 'sends passwords in the clear', '', ['ldaps://…', 'start_tls: true']);
  if ((findValue(node, 'bind_dn') === undefined) !== (findValue(node, 'bind_password') === undefined))
    return spot.at('bind_dn').report(node.place, 'and bind_password stand together', '');
  return undefined;
}
