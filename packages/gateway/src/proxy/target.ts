import { normalisePath } from './path.ts';
import { type Refusal, refuse } from './refusal.ts';

/** Where a request goes, in the one form by which it is judged and sent on. */
export interface Target {
  readonly kind: 'target';
  /** The name of `Host`: lower case, no port, no trailing dot, no brackets. */
  readonly host: string;
  /** Normalised; begins with a slash. */
  readonly path: string;
  /** With its `?`; '' where there is none. As it came. */
  readonly query: string;
}

/** Characters of a path with its query (attacks HTP-01). */
const MAX_TARGET = 8_192;
/** Verdicts on hosts that are remembered; the texts are strangers'. */
const MAX_KEPT = 200;
/** RFC 9110 §7.2, RFC 3986 §3.2.2: a name or an address, and a port. */
const HOST = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253}))(?::\d{1,5})?$/i;
/** No controls, nothing that is not ASCII, no fragment, and escapes that are some. */
const QUERY = /^(?:[!"$&-~]|%[0-9A-Fa-f]{2})*$/;

const LONG = refuse(414, 'target_too_long', 'the address is too long');
const FORM: Refusal = { ...refuse(400, 'target_form', 'the target is neither a path nor an address of the host'), ends: true };
const HOSTLESS: Refusal = { ...refuse(400, 'host', 'the request needs one Host, the one of its target'), ends: true };
const QUERY_FAULT = refuse(400, 'query', 'the query has a character or an escape that none may have');

const kept = new Map<string, string>();

/**
 * Reads the target of a request (RFC 9112 §3.2): a path, or an address with the very host. What could be read in two ways is refused.
 *
 * @param url as it stands in the request line.
 * @param host the one value of `Host`.
 */
export function readTarget(url: string, host: string): Target | Refusal {
  const name = readHost(host);
  if (name === undefined) return HOSTLESS;
  let origin = url;
  if (!url.startsWith('/')) {
    const authority = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1];
    if (authority === undefined) return FORM;
    if (authority.toLowerCase() !== host.toLowerCase()) return HOSTLESS;
    const rest = url.slice(url.indexOf('://') + 3 + authority.length);
    origin = rest.startsWith('/') ? rest : `/${rest}`;
  }
  if (origin.length > MAX_TARGET) return LONG;
  const mark = origin.indexOf('?');
  const path = normalisePath(mark < 0 ? origin : origin.slice(0, mark));
  if (typeof path !== 'string') return path;
  const query = mark < 0 ? '' : origin.slice(mark);
  if (query !== '' && !QUERY.test(query)) return QUERY_FAULT;
  return { kind: 'target', host: name, path, query };
}

/** The name in a `Host`, in the form in which hosts are compared; undefined: it is none. */
export function readHost(host: string): string | undefined {
  const known = kept.get(host);
  if (known !== undefined) return known === '' ? undefined : known;
  const match = HOST.exec(host);
  const name = (match?.[1] ?? match?.[2] ?? '').toLowerCase().replace(/\.$/, '');
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(host, name);
  return name === '' ? undefined : name;
}
