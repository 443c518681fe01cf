import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import { ISSUER, START } from './world.ts';

/** An issuer's key pair and its certificate in PEM. */
export interface SamlKey {
  readonly key: KeyObject;
  readonly certificate: string;
}

export const SAML2_BEARER = 'urn:ietf:params:oauth:grant-type:saml2-bearer';
export const SAML_IDP = 'https://saml.example/idp';

/** A fresh RSA pair with a self-signed certificate of version 1, good until 2049. */
export function samlKey(): SamlKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const algorithm = der(0x30, Buffer.from('06092a864886f70d01010b0500', 'hex'));
  const name = der(0x30, der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('idp')))));
  const validity = der(0x30, der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231235959Z')));
  const body = der(0x30, der(0x02, Buffer.from([1])), algorithm, name, validity, name, publicKey.export({ type: 'spki', format: 'der' }));
  const signed = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), sign('sha256', body, privateKey)));
  const lines = signed.toString('base64').replace(/.{1,64}/g, '$&\n');
  return { key: privateKey, certificate: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n` };
}

/** DER. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

/** What an assertion says; '' takes a part away. */
export interface SamlParts {
  readonly id?: string;
  readonly issuer?: string;
  readonly nameId?: string;
  readonly audience?: string;
  readonly conditions?: string;
  readonly confirmation?: string;
  readonly statement?: string;
  readonly more?: string;
  readonly version?: string;
}

export const RECIPIENT = `${ISSUER}/oauth/token`;
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
let ids = 0;

/** A subject confirmation by bearer with these attributes. */
export function bearerConfirmation(recipient: string = RECIPIENT, notOnOrAfter: number = START + 300, more = ''): string {
  return `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData Recipient="${recipient}" NotOnOrAfter="${iso(notOnOrAfter)}"${more}/></saml:SubjectConfirmation>`;
}

/** Conditions with an audience, from `START - 60` to that end. */
export function conditions(audiences: string = `<saml:Audience>${ISSUER}</saml:Audience>`, end: number = START + 300, more = ''): string {
  return `<saml:Conditions NotBefore="${iso(START - 60)}" NotOnOrAfter="${iso(end)}"><saml:AudienceRestriction>${audiences}</saml:AudienceRestriction>${more}</saml:Conditions>`;
}

/** A SAML 2.0 assertion about alice, without a signature. */
export function samlXml(part: SamlParts = {}): string {
  const {
    id = `_a${ids++}`,
    issuer = SAML_IDP,
    nameId = '<saml:NameID>alice</saml:NameID>',
    audience = `<saml:Audience>${ISSUER}</saml:Audience>`,
    conditions: limits = conditions(audience),
    confirmation = bearerConfirmation(),
    statement = `<saml:AuthnStatement AuthnInstant="${iso(START - 30)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    more = '',
    version = '2.0',
  } = part;
  return `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="${version}" IssueInstant="${iso(START)}"><saml:Issuer>${issuer}</saml:Issuer><saml:Subject>${nameId}${confirmation}</saml:Subject>${limits}${statement}${more}</saml:Assertion>`;
}

export interface SignOptions {
  readonly signatureAlgorithm?: string;
  readonly digestAlgorithm?: string;
  readonly transforms?: readonly string[];
  readonly canonicalization?: string;
  /** Path of the element that is signed; the whole document by default. */
  readonly xpath?: string;
  /** Path of the element that the signature goes into. */
  readonly into?: string;
}

export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';

/** Signs an XML document as an issuer does: enveloped, exclusively canonicalised, the signature behind the first element. */
export function signXml(xml: string, { key, certificate }: SamlKey, options: SignOptions = {}): string {
  const signer = new SignedXml({
    privateKey: key,
    publicCert: certificate,
    idAttribute: 'ID',
    signatureAlgorithm: options.signatureAlgorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: options.canonicalization ?? EXCLUSIVE,
  });
  signer.addReference({
    xpath: options.xpath ?? '/*',
    transforms: [...(options.transforms ?? [ENVELOPED, EXCLUSIVE])],
    digestAlgorithm: options.digestAlgorithm ?? 'http://www.w3.org/2001/04/xmlenc#sha256',
  });
  signer.computeSignature(xml, { prefix: 'ds', location: { reference: options.into ?? '/*', action: 'append' } });
  return signer.getSignedXml();
}

export const encodeXml = (xml: string): string => Buffer.from(xml).toString('base64url');
