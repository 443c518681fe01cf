import { hash } from 'node:crypto';
import { issuerOf, judgeConditions, judgeTimes, readTime } from '../assertions/saml-assertion.ts';
import { findFormFault, SAML } from '../assertions/saml-signature.ts';
import { attributeOf, childrenOf, elementsOf, onlyChild, readXml, type XmlElement } from '../assertions/strict-xml.ts';
import type { SamlUpstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import { readPerson } from './person.ts';
import { UpstreamRefused } from './upstream-refused.ts';
import type { Protocol, Visit } from './visit.ts';

const SAMLP = 'urn:oasis:names:tc:SAML:2.0:protocol';
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const STATUS = 'urn:oasis:names:tc:SAML:2.0:status:';
/** Characters of a response in base64; a body holds no more. */
const MAX_RESPONSE = 60_000;
/** Seconds that its clock may be off. */
const SKEW = 10;
/** Seconds for which an assertion can be kept in mind; longer than that none may live. */
const MAX_LIFE = 3_600;

/**
 * Web browser single sign-on as a service provider (SAML 2.0 Profiles §4.1): the request by redirect, the response by POST, always to a request of ours. `node-saml` writes the
 * request and verifies the signature; what the signed bytes say is read and judged here, since a reader that is less strict than the signature is how
 * responses are forged.
 */
export const saml: Protocol<SamlUpstream> = {
  async begin(ctx, upstream, visit) {
    const party = await partyOf(ctx, upstream, visit.callback, requestId(visit), visit.anew !== 'no');
    return new URL(await party.getAuthorizeUrlAsync(visit.id, undefined, {}));
  },

  async finish(ctx, upstream, visit, answer) {
    const text = decode(answer.get('SAMLResponse') ?? '');
    if (text === undefined) throw refused('it sent no response that is text');
    const document = await readXml(text);
    if (typeof document === 'string') throw refused(document);
    requireOneAssertion(upstream, document, visit);
    const signed = await verify(ctx, upstream, visit, text);
    const assertion = await readXml(signed);
    if (typeof assertion === 'string') throw refused(assertion);
    const end = judgeAssertion(ctx, upstream, assertion, visit);
    const value = hash('sha256', JSON.stringify([upstream.entityId, attributeOf(assertion, 'ID')]), 'base64url');
    if (!(await ctx.store.takeOnce(ctx.tenant, 'upstream_assertion', value, Math.ceil(end) + SKEW, visit.now)))
      throw refused('its assertion has been used before');
    return personOf(upstream, assertion, visit);
  },
};

/** Our metadata for an upstream (SAML 2.0 Metadata §2.4.4): what its administrator enters there. */
export async function samlMetadata(ctx: Context, upstream: SamlUpstream, callback: string): Promise<string> {
  const party = await partyOf(ctx, upstream, callback, '_metadata', false);
  return party.generateServiceProviderMetadata(null, null);
}

/** What we are called there: one name for each upstream, so that no response to one is one to another (attacks FED-05). */
export function entityIdOf(ctx: Pick<Context, 'issuer'>, upstream: SamlUpstream): string {
  return `${ctx.issuer}/signin/with/${upstream.name}/metadata`;
}

/** XML's names begin with no digit. */
function requestId(visit: Visit): string {
  return `_${visit.id}`;
}

async function partyOf(
  ctx: Context,
  upstream: SamlUpstream,
  callback: string,
  id: string,
  forceAuthn: boolean,
): Promise<InstanceType<typeof import('@node-saml/node-saml').SAML>> {
  const { SAML: Party, ValidateInResponseTo } = await import('@node-saml/node-saml');
  const entityId = entityIdOf(ctx, upstream);
  return new Party({
    issuer: entityId,
    audience: entityId,
    callbackUrl: callback,
    entryPoint: upstream.ssoUrl,
    idpIssuer: upstream.entityId,
    idpCert: [...upstream.certificates],
    identifierFormat: upstream.subject === undefined ? PERSISTENT : null,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: false,
    disableRequestedAuthnContext: true,
    forceAuthn,
    generateUniqueId: () => id,
    // Times and requests are judged by our own clock and our own attempt, below.
    acceptedClockSkewMs: -1,
    validateInResponseTo: ValidateInResponseTo.never,
    signatureAlgorithm: 'sha256',
  });
}

/** Base64, which may be in lines (SAML 2.0 Bindings §3.5), of UTF-8. */
function decode(encoded: string): string | undefined {
  const plain = encoded.replace(/[\r\n\t ]/g, '');
  if (plain === '' || encoded.length > MAX_RESPONSE || !/^[A-Za-z0-9+/]+={0,2}$/.test(plain)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(plain, 'base64'));
  } catch {
    return undefined;
  }
}

/**
 * Before anything is verified: a response to this very request, with one assertion that is signed itself, and nowhere in it another one or a place for one
 * (SAML 2.0 Core §5.4, attacks by wrapping).
 */
function requireOneAssertion({ entityId }: SamlUpstream, response: XmlElement, visit: Visit): XmlElement {
  if (response.namespace !== SAMLP || response.name !== 'Response' || attributeOf(response, 'Version') !== '2.0')
    throw refused('it is no SAML 2.0 response');
  const status = onlyChild(onlyChild(response, SAMLP, 'Status'), SAMLP, 'StatusCode');
  const code = attributeOf(status, 'Value') ?? '';
  if (code !== `${STATUS}Success`) {
    const inner = attributeOf(status?.children[0], 'Value') ?? code;
    throw new UpstreamRefused(
      inner === `${STATUS}AuthnFailed` || inner === `${STATUS}RequestDenied` ? 'declined' : 'failed',
      `its status is ${inner.slice(0, 100)}`,
    );
  }
  if (attributeOf(response, 'InResponseTo') !== requestId(visit)) throw refused('it answers another request (InResponseTo)');
  if (attributeOf(response, 'Destination') !== undefined && attributeOf(response, 'Destination') !== visit.callback)
    throw refused('it is for another place (Destination)');
  if (onlyChild(response, SAML, 'Issuer') !== undefined && issuerOf(response) !== entityId) throw refused('it is of another issuer');
  const assertions = [...elementsOf(response)].filter(({ name }) => name === 'Assertion' || name.startsWith('Encrypted'));
  const assertion = onlyChild(response, SAML, 'Assertion');
  if (assertions.length !== 1 || assertion === undefined) throw refused('it has not exactly one plain assertion');
  const fault = findFormFault(assertion);
  if (fault !== undefined) throw refused(fault);
  requireUniqueIds(response);
  return assertion;
}

/** What a signature names by an ID may be one thing only. */
function requireUniqueIds(response: XmlElement): void {
  const seen = new Set<string>();
  for (const element of elementsOf(response)) {
    for (const { name, value } of element.attributes) {
      if (name.toLowerCase() !== 'id') continue;
      if (seen.has(value)) throw refused('two of its elements have one ID');
      seen.add(value);
    }
  }
}

/** The assertion's bytes as one of the upstream's certificates has signed them. */
async function verify(ctx: Context, upstream: SamlUpstream, visit: Visit, text: string): Promise<string> {
  const party = await partyOf(ctx, upstream, visit.callback, requestId(visit), false);
  try {
    const { profile } = await party.validatePostResponseAsync({ SAMLResponse: Buffer.from(text).toString('base64') });
    const signed = profile?.getAssertionXml?.();
    if (signed !== undefined) return signed;
  } catch (error) {
    throw refused(error instanceof Error ? error.message.slice(0, 200) : '', { cause: error });
  }
  throw refused('it has no assertion');
}

/** SAML 2.0 Profiles §4.1.4.3. Its end in seconds; throws where anything is not as it has to be. */
function judgeAssertion(ctx: Context, upstream: SamlUpstream, assertion: XmlElement, visit: Visit): number {
  if (assertion.namespace !== SAML || assertion.name !== 'Assertion' || attributeOf(assertion, 'Version') !== '2.0')
    throw refused('it is no SAML 2.0 assertion');
  if (issuerOf(assertion) !== upstream.entityId) throw refused('its assertion is of another issuer');
  if ([...elementsOf(assertion)].some((element) => element !== assertion && element.name === 'Assertion'))
    throw refused('there is an assertion in it');
  const end = judgeConditions(onlyChild(assertion, SAML, 'Conditions'), [entityIdOf(ctx, upstream)], visit.now);
  if (typeof end === 'string') throw refused(end);
  const confirmed = judgeConfirmation(onlyChild(assertion, SAML, 'Subject'), visit);
  if (typeof confirmed === 'string') throw refused(confirmed);
  const last = Math.min(end, confirmed);
  if (last > visit.now + MAX_LIFE + SKEW) throw refused(`its end is more than ${MAX_LIFE} seconds ahead`);
  const sessionEnd = attributeOf(childrenOf(assertion, SAML, 'AuthnStatement')[0], 'SessionNotOnOrAfter');
  if (sessionEnd !== undefined && !(readTime(sessionEnd) > visit.now)) throw refused('the session at its issuer has ended');
  return last;
}

/** A bearer's confirmation for this place and this request, and none that says anything else. */
function judgeConfirmation(subject: XmlElement | undefined, visit: Visit): number | string {
  let end = Number.NaN;
  for (const confirmation of subject === undefined ? [] : childrenOf(subject, SAML, 'SubjectConfirmation')) {
    if (attributeOf(confirmation, 'Method') !== BEARER) continue;
    const data = onlyChild(confirmation, SAML, 'SubjectConfirmationData');
    if (data === undefined) return 'its confirmation has no data';
    if (attributeOf(data, 'Recipient') !== visit.callback) return 'its recipient is another place';
    if (attributeOf(data, 'InResponseTo') !== requestId(visit)) return 'its confirmation is of another request (InResponseTo)';
    const judged = judgeTimes(data, visit.now);
    if (typeof judged === 'string') return judged;
    if (judged === Number.POSITIVE_INFINITY) return 'its confirmation has no end';
    end = Number.isNaN(end) ? judged : Math.min(end, judged);
  }
  return Number.isNaN(end) ? 'its subject is not to be confirmed by a bearer' : end;
}

/** Somebody is whom the persistent NameID names, or the attribute that was configured: never a transient name, which is somebody else's tomorrow. */
function personOf(upstream: SamlUpstream, assertion: XmlElement, visit: Visit): ReturnType<typeof readPerson> {
  const attributes = attributesOf(assertion);
  const nameId = onlyChild(onlyChild(assertion, SAML, 'Subject'), SAML, 'NameID');
  if (upstream.subject === undefined && attributeOf(nameId, 'Format') !== PERSISTENT)
    throw refused('its NameID is not persistent, and no attribute is configured in its place');
  const instant = readTime(attributeOf(childrenOf(assertion, SAML, 'AuthnStatement')[0], 'AuthnInstant'));
  return readPerson(upstream, {
    issuer: upstream.entityId,
    subject: upstream.subject === undefined ? nameId?.text : attributes[upstream.subject],
    claims: attributes,
    authenticatedAt: instant <= visit.now + SKEW ? Math.min(Math.floor(instant), visit.now) : undefined,
    multiFactor: false,
  });
}

/** Those with one plain value. */
function attributesOf(assertion: XmlElement): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  const twice = new Set<string>();
  for (const statement of childrenOf(assertion, SAML, 'AttributeStatement')) {
    for (const attribute of childrenOf(statement, SAML, 'Attribute')) {
      const name = attributeOf(attribute, 'Name') ?? '';
      const value = onlyChild(attribute, SAML, 'AttributeValue')?.text;
      if (found.has(name)) twice.add(name);
      if (value !== undefined) found.set(name, value);
    }
  }
  return Object.fromEntries([...found].filter(([name]) => !twice.has(name)));
}

function refused(reason: string, options?: ErrorOptions): UpstreamRefused {
  return new UpstreamRefused('failed', reason, options);
}
