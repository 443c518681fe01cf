import { attributeOf, childrenOf, elementsOf, onlyChild, readXml, type XmlElement } from './strict-xml.ts';

/** OASIS SAML 2.0 Core §2.2. */
export const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = `${DSIG}enveloped-signature`;

/** What may make a signature: no SHA-1, and nothing that is keyed with what everybody can read (RFC 7522 §7). */
const SIGNATURE_METHODS: readonly string[] = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
];
const DIGEST_METHODS: readonly string[] = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'];

/** An `ID`: a name without a colon, so that it means the same in a path expression. */
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/;

/**
 * Why an assertion is not in the one form that we verify (SAML 2.0 Core §5.4): it is the document, its own signature is its child, and that covers it
 * whole by its `ID`. Nothing else in the document is an assertion, has that `ID`, or is signed, so that there is nowhere to wrap anything.
 */
export function findFormFault(root: XmlElement): string | undefined {
  if (root.namespace !== SAML || root.name !== 'Assertion') return 'it is no SAML 2.0 assertion';
  const id = attributeOf(root, 'ID');
  if (id === undefined || !NAME.test(id)) return 'it has no ID';
  let signatures = 0;
  for (const element of elementsOf(root)) {
    if (element !== root && element.name === 'Assertion') return 'there is an assertion in it';
    if (element.name.startsWith('Encrypted')) return 'something in it is encrypted';
    if (element.name === 'Signature') signatures += 1;
    if (element.namespace === DSIG && (element.name === 'Object' || element.name === 'Manifest'))
      return 'its signature holds more than a signature';
    const named = element.attributes.some(({ name, value }) => name.toLowerCase() === 'id' && (value === id || !NAME.test(value)));
    if (element !== root && named) return 'two elements have its ID';
  }
  const signature = onlyChild(root, DSIG, 'Signature');
  if (signatures !== 1 || signature === undefined) return 'it is not signed itself, once';
  return findMethodFault(signature, id);
}

function findMethodFault(signature: XmlElement, id: string): string | undefined {
  const info = onlyChild(signature, DSIG, 'SignedInfo');
  const reference = onlyChild(info, DSIG, 'Reference');
  const algorithm = (parent: XmlElement | undefined, name: string): string => attributeOf(onlyChild(parent, DSIG, name), 'Algorithm') ?? '';
  if (signature.children.some(({ name, namespace }) => namespace !== DSIG || !PARTS.includes(name)))
    return 'its signature has an unknown part';
  if (onlyChild(signature, DSIG, 'SignatureValue')?.text === undefined) return 'its signature has no value';
  if (info === undefined || reference === undefined || info.children.length !== 3) return 'its signature is not over one thing';
  if (attributeOf(reference, 'URI') !== `#${id}`) return 'its signature is over something else';
  if (algorithm(info, 'CanonicalizationMethod') !== EXCLUSIVE) return 'it is not canonicalised exclusively';
  if (!SIGNATURE_METHODS.includes(algorithm(info, 'SignatureMethod'))) return 'its signature algorithm is not one of ours';
  if (!DIGEST_METHODS.includes(algorithm(reference, 'DigestMethod'))) return 'its digest algorithm is not one of ours';
  const transforms = childrenOf(onlyChild(reference, DSIG, 'Transforms') ?? reference, DSIG, 'Transform');
  const wanted = transforms.map((transform) => attributeOf(transform, 'Algorithm'));
  return wanted.length === 2 && wanted[0] === ENVELOPED && wanted[1] === EXCLUSIVE
    ? undefined
    : 'its transforms are not the two that SAML has';
}

const PARTS: readonly string[] = ['SignedInfo', 'SignatureValue', 'KeyInfo'];

/**
 * The assertion as one of the certificates has signed it, read from the very bytes that the signature covers; undefined where none has. What the
 * signature says of its key (`KeyInfo`) is not looked at. The library is loaded at the first use.
 *
 * @param text the document, whose form has been looked at.
 */
export async function verifySignature(text: string, root: XmlElement, certificates: readonly string[]): Promise<XmlElement | undefined> {
  const { SignedXml } = await import('xml-crypto');
  const signature = onlyChild(root, DSIG, 'Signature');
  if (signature === undefined) return undefined;
  for (const publicCert of certificates) {
    const verifier = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
    try {
      verifier.loadSignature(signature.node);
      if (!verifier.checkSignature(text)) continue;
    } catch {
      continue;
    }
    const [signed, second] = verifier.getSignedReferences();
    if (signed === undefined || second !== undefined) return undefined;
    const read = await readXml(signed);
    // The same element, without its signature.
    return typeof read !== 'string' &&
      read.namespace === SAML &&
      read.name === 'Assertion' &&
      attributeOf(read, 'ID') === attributeOf(root, 'ID')
      ? read
      : undefined;
  }
  return undefined;
}
