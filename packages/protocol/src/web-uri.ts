import { OAuthError } from './errors.ts';

/** What one field allows beyond the common rules. */
export interface WebUriRules {
  /** `allowed` by default; `refused` where the field's specification forbids one. */
  readonly fragment?: 'allowed' | 'refused';
  /** Says which hosts (lower case, IPv6 in brackets) the field may not name: private addresses, for what strangers register. */
  readonly isHostRefused?: (host: string) => boolean;
}

/**
 * Reads a URI of client metadata that people follow or the server fetches (RFC 7591 §2, §5): https, or http to this very
 * machine; a host; no user information; printable ASCII only, so that a host in another script stands as its A-label.
 * Browsers must find the same host in it as we do.
 *
 * @param field its name, for the message.
 * @returns the text as it came. Throws `invalid_client_metadata` (RFC 7591 §3.2.2).
 */
export function readWebUri(text: string, field: string, rules: WebUriRules = {}): string {
  const fault = findWebUriFault(text, rules);
  if (fault !== undefined) throw new OAuthError('invalid_client_metadata', `${field} ${fault}`);
  return text;
}

/** Why `readWebUri` would refuse this text, as the end of a sentence; undefined when it would not. */
export function findWebUriFault(text: string, rules: WebUriRules = {}): string | undefined {
  const fault = findUriFault(text);
  if (fault !== undefined) return fault;
  const isHttp = text.startsWith('http://');
  if (!isHttp && !text.startsWith('https://')) return 'is not an https URI';
  if (rules.fragment === 'refused' && text.includes('#')) return 'has a fragment';

  const authority = /^[^/?#]*/.exec(text.slice(isHttp ? 7 : 8))?.[0] ?? '';
  if (authority.includes('@')) return 'has user information';
  const colon = authority.indexOf(':', authority.indexOf(']') + 1);
  if (colon >= 0 && !isPort(authority.slice(colon + 1))) return 'has a port that is none';
  const host = (colon >= 0 ? authority.slice(0, colon) : authority).toLowerCase();
  if (!isHost(host) || URL.parse(text)?.hostname !== host) return 'has no host, or one that browsers read differently';
  if (isHttp && !isLoopbackHost(host)) return 'is not an https URI';
  if (rules.isHostRefused?.(host)) return 'names a host that is not allowed';
  return undefined;
}

/** What is wrong with every URI we keep: its length, its characters (RFC 3986 §2). The end of a sentence, or undefined. */
export function findUriFault(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (text.length > MAX_URI_LENGTH) return `is longer than ${MAX_URI_LENGTH} characters`;
  if (/[^\x20-\x7e]/.test(text)) return 'is not ASCII (write the host as an A-label, escape the rest)';
  if (/[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]/.test(text)) return 'has a character that no URI has';
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return 'has a malformed escape';
  return undefined;
}

/** Why a text is no identifier of a resource (RFC 8707 §2: an absolute URI without a fragment), as the end of a sentence. */
export function findResourceFault(text: string): string | undefined {
  const fault = findUriFault(text);
  if (fault !== undefined) return fault;
  if (text.includes('#')) return 'has a fragment';
  return /^[A-Za-z][A-Za-z0-9+.-]*:./.test(text) ? undefined : 'is not an absolute URI';
}

/** RFC 8252 §7.3 and §8.3: names of this very machine. Lower case; IPv6 in brackets. */
export function isLoopbackHost(host: string): boolean {
  return host === '127.0.0.1' || host === '[::1]' || host === 'localhost';
}

/** A port as it is written canonically: 1 to 65535 without leading zeros. */
export function isPort(text: string): boolean {
  return /^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= 65_535;
}

export const MAX_URI_LENGTH: number = 2048;

/** A DNS name or an address; that its numbers are an address' is left to the comparison with the browser's reading. */
function isHost(host: string): boolean {
  if (host.startsWith('[')) return /^\[[0-9a-f:.]{2,45}\]$/.test(host);
  if (!/^[a-z0-9._-]{1,253}$/.test(host)) return false;
  return host.split('.').every((label) => label.length > 0 && label.length <= 63);
}
