import { X509Certificate } from 'node:crypto';
import { isClientId } from '@hufu/protocol/ids';
import { isScopeToken } from '@hufu/protocol/scope';
import { findWebUriFault } from '@hufu/protocol/web-uri';
import { list, object, optional, required, withDefault } from './collection-shapes.ts';
import type { AssertionUse, TrustedIssuer } from './config.ts';
import { jwksShape } from './jwks-shape.ts';
import { findValue, type MapNode } from './node.ts';
import { choice, text, textAs } from './scalar-shapes.ts';
import { type Failed, Refused, type Shape, type Spot } from './shape.ts';

const webUri: Shape<string> = textAs({
  allowed: ['https://…, or http on localhost, 127.0.0.1 and [::1]'],
  maxLength: 2048,
  read(value) {
    const fault = findWebUriFault(value);
    return fault === undefined ? value : new Refused(fault);
  },
});

/** The `sub` of somebody foreign is this, a bar, and a name: without one in it no two issuers can mean the same. */
const issuerName: Shape<string> = textAs({
  allowed: ['text without |'],
  maxLength: 1024,
  read: (value) => (value.includes('|') ? new Refused('has a bar') : value),
});

/** PEM. What it says of itself but for its key is not looked at: it was pinned by whoever wrote it here. */
const certificate: Shape<string> = textAs({
  allowed: ['a certificate in PEM, with an RSA key'],
  maxLength: 16_384,
  read(value) {
    try {
      const { publicKey } = new X509Certificate(value);
      if (publicKey.asymmetricKeyType !== 'rsa') return new Refused('has a key that is not RSA');
      if ((publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return new Refused('has a key of less than 2048 bits');
      return value;
    } catch {
      return new Refused('is not a certificate');
    }
  },
});

const clientId: Shape<string> = textAs({
  allowed: ['a client id'],
  maxLength: 255,
  read: (value) => (isClientId(value) ? value : new Refused('holds a character that a client id cannot hold')),
});

const scope: Shape<string> = textAs({
  allowed: ['visible ASCII without spaces, quotes and backslashes'],
  maxLength: 255,
  read: (value) => (isScopeToken(value) ? value : new Refused('is not a scope token')),
});

const USES: readonly AssertionUse[] = ['jwt-bearer', 'saml2-bearer', 'token-exchange', 'id-jag'];

const issuer: Shape<TrustedIssuer> = object({
  keys: {
    issuer: required(issuerName, 'iss of its JWTs, or Issuer of its SAML assertions.'),
    accepts: required(list(choice(USES), { min: 1, max: USES.length, unique: [{ path: [] }] }), 'What its word is taken for.'),
    jwks: optional(jwksShape, 'Its public keys.'),
    jwks_uri: optional(webUri, 'Where its public keys are.'),
    certificates: optional(list(certificate, { min: 1, max: 10 }), 'Certificates that sign its SAML assertions (PEM).'),
    subject: withDefault(
      choice(['username', 'foreign']),
      'foreign',
      'username: whom it speaks for is the local user of that name. foreign: nobody of ours; the sub of the tokens is the issuer, a bar, and its own name for them.',
    ),
    subject_claim: withDefault(
      text(100),
      'sub',
      'Claim that names whom it speaks for. email counts only beside email_verified: true. SAML assertions have their NameID.',
    ),
    clients: required(list(clientId, { min: 1, max: 1000, unique: [{ path: [] }] }), 'Clients that may show its assertions.'),
    scopes: required(list(scope, { max: 200, unique: [{ path: [] }] }), 'The most that they get for one.'),
  },
  check: checkKeys,
  build: (values) => ({
    issuer: values.issuer,
    accepts: values.accepts,
    jwks: values.jwks,
    jwksUri: values.jwks_uri,
    certificates: values.certificates ?? [],
    subject: values.subject,
    subjectClaim: values.subject_claim,
    clients: values.clients,
    scopes: values.scopes,
  }),
});

/** Keys for what it signs, and none for what it does not. */
function checkKeys(node: MapNode, spot: Spot): Failed | undefined {
  const accepts = findValue(node, 'accepts');
  const uses = accepts?.kind === 'list' ? accepts.items.flatMap((item) => (item.kind === 'scalar' ? [item.value] : [])) : [];
  const has = (name: string): boolean => findValue(node, name) !== undefined;
  const wantsJwks = uses.some((use) => use !== 'saml2-bearer');
  const wantsCertificates = uses.includes('saml2-bearer');
  if (has('jwks') && has('jwks_uri')) return spot.report(node.place, 'needs one of jwks and jwks_uri', 'both');
  if (wantsJwks && !has('jwks') && !has('jwks_uri')) return spot.report(node.place, 'needs one of jwks and jwks_uri', 'neither');
  if (wantsCertificates && !has('certificates')) return spot.report(node.place, 'needs certificates for saml2-bearer', 'none');
  if (uses.length > 0 && !wantsCertificates && has('certificates'))
    return spot.report(node.place, 'has certificates, but does not accept saml2-bearer', '');
  return undefined;
}

/** `policies.trusted_issuers`. */
export const trustedIssuersShape: Shape<readonly TrustedIssuer[]> = list(issuer, { max: 100, unique: [{ path: ['issuer'] }] });
