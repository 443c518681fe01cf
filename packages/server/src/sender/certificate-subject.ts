import type { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { TlsClientSubject, TlsSubjectField } from '@hufu/protocol/client-sender';

/** Why a certificate does not name whom the client registered (RFC 8705 §2.1.2); undefined where it does. */
export function findSubjectFault(x509: X509Certificate, { field, value }: TlsClientSubject): string | undefined {
  const found = field === 'subject_dn' ? [x509.subject] : alternativeNames(x509.subjectAltName ?? '', LABELS[field]);
  const matches =
    field === 'subject_dn' ? isSameName(value, x509.subject) : found.some((name) => normal(field, name) === normal(field, value));
  if (matches) return undefined;
  return `its certificate has another ${field} than the client registered: ${JSON.stringify(found).slice(0, 300)}`;
}

/** As OpenSSL calls them in `subjectAltName`. */
const LABELS: Readonly<Record<Exclude<TlsSubjectField, 'subject_dn'>, string>> = {
  san_dns: 'DNS',
  san_uri: 'URI',
  san_ip: 'IP Address',
  san_email: 'email',
};

/**
 * The values of one kind. Node writes those that could be taken for several as JSON texts, so that no comma but those between them stands outside quotes.
 * None where anything does not read: better nobody than somebody else.
 */
function alternativeNames(text: string, label: string): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at < text.length; ) {
    NAME.lastIndex = at;
    const [whole, kind, quoted, plain] = NAME.exec(text) ?? [];
    if (whole === undefined) return [];
    at += whole.length;
    if (kind !== label) continue;
    const name: unknown = quoted === undefined ? plain : JSON.parse(quoted);
    if (typeof name === 'string') names.push(name);
  }
  return names;
}

/** One name with the comma behind it. */
const NAME = /([A-Za-z][A-Za-z ]*):(?:("(?:[^"\\]|\\.)*")|([^,"]*))(?:, |$)/y;

/** Host names in any case (RFC 4343), addresses in one form; everything else as it is. */
function normal(field: TlsSubjectField, value: string): string {
  if (field === 'san_dns') return value.toLowerCase();
  return field === 'san_ip' && isIPv6(value) ? new URL(`http://[${value}]`).hostname : value;
}

/** A relative distinguished name: its `type=value`s, in order. */
type Rdn = string;

/**
 * Whether a name as people write it (RFC 4514: the last one first, commas between) is the one that OpenSSL shows (the first one first, a line each). Types
 * in any case and by their usual names; values to the letter, as whoever registers one sees it in the certificate.
 */
function isSameName(written: string, shown: string): boolean {
  const wanted = splitUnescaped(written, ',').map(readRdn).toReversed();
  const there = shown.split('\n').map((line) => readRdn(line.replaceAll(' + ', '+')));
  return wanted.length === there.length && wanted.every((rdn, at) => rdn !== undefined && rdn === there[at]);
}

/** Undefined where it does not read. */
function readRdn(text: string): Rdn | undefined {
  const pairs: string[] = [];
  for (const part of splitUnescaped(text, '+')) {
    const equals = part.indexOf('=');
    const value = equals < 1 ? undefined : unescapeValue(part.slice(equals + 1));
    if (value === undefined) return undefined;
    const type = part.slice(0, equals).trim().toLowerCase();
    pairs.push(JSON.stringify([TYPES.get(type) ?? type, value]));
  }
  return pairs.toSorted().join();
}

/** Other names for one type (RFC 4514 §3, RFC 4519, and how OpenSSL writes them). */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'cn'],
  ['2.5.4.5', 'serialnumber'],
  ['2.5.4.6', 'c'],
  ['2.5.4.7', 'l'],
  ['2.5.4.8', 'st'],
  ['s', 'st'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'o'],
  ['2.5.4.11', 'ou'],
  ['0.9.2342.19200300.100.1.25', 'dc'],
  ['0.9.2342.19200300.100.1.1', 'uid'],
  ['1.2.840.113549.1.9.1', 'emailaddress'],
  ['e', 'emailaddress'],
  ['email', 'emailaddress'],
  ['2.5.4.97', 'organizationidentifier'],
  ['2.5.4.15', 'businesscategory'],
  ['1.3.6.1.4.1.311.60.2.1.3', 'jurisdictionc'],
  ['jurisdictioncountryname', 'jurisdictionc'],
]);

function splitUnescaped(text: string, separator: ',' | '+'): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** RFC 4514 §3: `\,` and `\2C` are a comma; blanks around a value are not part of it unless they are escaped. Undefined for an escape that is none. */
function unescapeValue(text: string): string | undefined {
  const bytes: number[] = [];
  const trimmed = /^ *((?:[^\\]|\\.)*?) *$/s.exec(text)?.[1] ?? '';
  for (let at = 0; at < trimmed.length; ) {
    const point = trimmed.codePointAt(at) ?? 0;
    if (point !== 0x5c) {
      const char = String.fromCodePoint(point);
      bytes.push(...Buffer.from(char));
      at += char.length;
      continue;
    }
    const hex = trimmed.slice(at + 1, at + 3);
    const next = trimmed.charAt(at + 1);
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      at += 3;
    } else if (/[ "#+,;<=>\\]/.test(next)) {
      bytes.push(next.charCodeAt(0));
      at += 2;
    } else return undefined;
  }
  return Buffer.from(bytes).toString();
}
