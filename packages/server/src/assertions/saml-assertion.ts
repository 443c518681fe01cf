import { hash } from 'node:crypto';
import { decodeBase64url } from '@hufu/protocol/base64url';
import type { TrustedIssuer } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { AssertionMark, RefusedAssertion } from './assertion-mark.ts';
import { namesOf } from './own-assertion.ts';
import { findFormFault, SAML, verifySignature } from './saml-signature.ts';
import { attributeOf, childrenOf, onlyChild, readXml, type XmlElement } from './strict-xml.ts';
import { findTrustedIssuer } from './trusted-issuers.ts';

/** A SAML assertion that a trusted issuer has signed, for us, to be shown by the client. */
export interface SamlAssertion {
  readonly kind: 'verified';
  readonly issuer: TrustedIssuer;
  readonly nameId: string;
  /** When the subject authenticated; undefined where the assertion does not say. */
  readonly authTime: number | undefined;
  readonly mark: AssertionMark;
}

/** Bytes of an assertion; a body has to hold it as base64url with the rest of the form. */
const MAX_BYTES = 45_000;
/** Seconds that it may still live, as any assertion. */
const MAX_LIFE = 3_600;
/** Seconds that the issuer's clock may be ahead. */
const SKEW = 10;
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const ENTITY = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity';

/**
 * Verifies a SAML assertion (RFC 7522 §3): from a trusted issuer, signed by one of its pinned certificates, about one subject that it may be shown
 * for here, for us alone, and in time. Everything is read from the bytes that the signature covers.
 *
 * @param encoded base64url, with or without padding (§2.1).
 */
export async function verifySamlAssertion(
  ctx: Context,
  encoded: string,
  { clientId, trail, now }: { readonly clientId: string; readonly trail: Trail; readonly now: number },
): Promise<SamlAssertion | RefusedAssertion> {
  trail.at('trusted_issuer');
  const text = decode(encoded);
  if (text === undefined) return refused('it is no base64url of a small UTF-8 text');
  const document = await readXml(text);
  if (typeof document === 'string') return refused(document);
  const form = findFormFault(document);
  if (form !== undefined) return refused(form);
  const issuer = findTrustedIssuer(ctx, issuerOf(document), 'saml2-bearer', clientId);
  if (typeof issuer === 'string') return refused(issuer);
  trail.at('grant_assertion_key');
  const assertion = await verifySignature(text, document, issuer.certificates);
  if (assertion === undefined) return refused('its signature is by none of the certificates of its issuer');
  trail.at('grant_assertion_claims');
  if (issuerOf(assertion) !== issuer.issuer) return refused('its issuer is another one in what is signed');
  if (attributeOf(assertion, 'Version') !== '2.0') return refused('it is not of version 2.0');
  const end = judgeConditions(onlyChild(assertion, SAML, 'Conditions'), namesOf(ctx), now);
  if (typeof end === 'string') return refused(end);
  const subject = onlyChild(assertion, SAML, 'Subject');
  const confirmed = judgeConfirmations(subject, `${ctx.issuer}/oauth/token`, now);
  if (typeof confirmed === 'string') return refused(confirmed);
  const expiresAt = Math.min(end, confirmed);
  if (expiresAt === Number.POSITIVE_INFINITY) return refused('it never ends');
  if (expiresAt > now + MAX_LIFE + SKEW) return refused(`its end is more than ${MAX_LIFE} seconds ahead`);
  const nameId = onlyChild(subject, SAML, 'NameID')?.text;
  if (nameId === undefined || nameId.trim() === '') return refused('it names nobody');
  const statement = childrenOf(assertion, SAML, 'AuthnStatement')[0];
  const sessionEnd = attributeOf(statement, 'SessionNotOnOrAfter');
  if (sessionEnd !== undefined && !(readTime(sessionEnd) > now)) return refused('the session at its issuer has ended');
  const instant = readTime(attributeOf(statement, 'AuthnInstant'));
  const value = hash('sha256', JSON.stringify(['saml', issuer.issuer, attributeOf(assertion, 'ID')]), 'base64url');
  return {
    kind: 'verified',
    issuer,
    nameId,
    authTime: instant <= now ? Math.floor(instant) : undefined,
    mark: { kind: 'assertion', value, expiresAt: Math.ceil(expiresAt) },
  };
}

function decode(encoded: string): string | undefined {
  const bytes = decodeBase64url(encoded.replace(/={1,2}$/, ''));
  if (bytes === undefined || bytes.length > MAX_BYTES) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** SAML 2.0 Core §2.2.5: a plain name of the issuer. */
export function issuerOf(assertion: XmlElement): string | undefined {
  const issuer = onlyChild(assertion, SAML, 'Issuer');
  const format = attributeOf(issuer, 'Format');
  return format === undefined || format === ENTITY ? issuer?.text : undefined;
}

/** RFC 7522 §3 points 2 and 5, SAML 2.0 Core §2.5: the end, `Infinity` where they have none, or what is wrong. A condition that we don't know is not met. */
export function judgeConditions(conditions: XmlElement | undefined, ours: readonly string[], now: number): number | string {
  if (conditions === undefined) return 'it has no conditions';
  if (conditions.children.some(({ namespace, name }) => namespace !== SAML || !CONDITIONS.includes(name)))
    return 'it has a condition that is not known';
  const restrictions = childrenOf(conditions, SAML, 'AudienceRestriction');
  if (restrictions.length === 0) return 'it is for any audience';
  for (const { children } of restrictions) {
    // Whoever else is among them could show it to us.
    if (children.length === 0 || children.some(({ name, text }) => name !== 'Audience' || !ours.includes(text ?? '')))
      return 'its audience is not this server, or not this server alone';
  }
  return judgeTimes(conditions, now);
}

const CONDITIONS: readonly string[] = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];

/** RFC 7522 §3 point 5: one confirmation is by bearer, and for our token endpoint. Its end, or what is wrong with the last one. */
function judgeConfirmations(subject: XmlElement | undefined, recipient: string, now: number): number | string {
  if (subject === undefined) return 'it has no subject';
  let fault = 'its subject is not to be confirmed by a bearer';
  for (const confirmation of childrenOf(subject, SAML, 'SubjectConfirmation')) {
    if (attributeOf(confirmation, 'Method') !== BEARER) continue;
    const data = onlyChild(confirmation, SAML, 'SubjectConfirmationData');
    if (data === undefined) fault = 'its confirmation has no data';
    else if (attributeOf(data, 'Recipient') !== recipient) fault = 'its recipient is not the token endpoint';
    else {
      const end = judgeTimes(data, now);
      if (typeof end === 'number' && end !== Number.POSITIVE_INFINITY) return end;
      fault = typeof end === 'string' ? end : 'its confirmation has no end';
    }
  }
  return fault;
}

/** The end, `Infinity` where it has none, or what is wrong. */
export function judgeTimes(element: XmlElement, now: number): number | string {
  const [before, after] = [attributeOf(element, 'NotBefore'), attributeOf(element, 'NotOnOrAfter')];
  if (before !== undefined && !(readTime(before) <= now + SKEW)) return 'it is not valid yet';
  if (after === undefined) return Number.POSITIVE_INFINITY;
  const end = readTime(after);
  return end > now ? end : 'it has expired';
}

/** xs:dateTime in UTC (SAML 2.0 Core §1.3.3), in seconds; NaN for anything else. */
export function readTime(text: string | undefined): number {
  return text !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text) ? Date.parse(text) / 1000 : Number.NaN;
}

function refused(reason: string): RefusedAssertion {
  return { kind: 'refused', reason };
}
