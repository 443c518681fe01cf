import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { findHeader } from './raw-headers.ts';

/** Whom a request was sent to. `malformed`: it names no host, two, or two that differ. `elsewhere`: a public name that is not ours. */
export type Target = 'ours' | 'malformed' | 'elsewhere';

/** Verdicts that are remembered; the texts are strangers'. */
const MAX_KEPT = 200;
/** RFC 9110 §7.2, RFC 3986 §3.2.2: a name or an address, and a port. */
const HOST = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253}))(?::\d{1,5})?$/i;
/** Names that nobody can register: whoever uses one is on the inside (RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`). */
const INSIDE = /\.(?:local|localhost|internal|svc|home\.arpa)$/;

/**
 * Judges `Host` and an absolute target (RFC 9112 §3.2): each request has exactly one Host (HTTP/1.0 may have none), and a target that names
 * another is refused. A name that is not the issuer's is nobody's who means us: DNS that was bent to our address (attacks HTP-10). Addresses,
 * names on the inside and whatever a trusted proxy says are let through: probes, containers and proxies use them, and nothing is ever made
 * from the name.
 */
export function targets(issuer: string): (raw: IncomingMessage, isTrustedPeer: () => boolean) => Target {
  const own = new URL(issuer).hostname.replace(/^\[|\]$/g, '');
  const kept = new Map<string, Target>();

  function judgeHost(host: string): Target {
    const match = HOST.exec(host);
    if (match === null) return 'malformed';
    const name = (match[1] ?? match[2] ?? '').toLowerCase().replace(/\.$/, '');
    return name === own || isIP(name) !== 0 || !name.includes('.') || INSIDE.test(name) ? 'ours' : 'elsewhere';
  }

  return (raw, isTrustedPeer) => {
    const [host, second] = findHeader(raw.rawHeaders, 'host');
    if (raw.httpVersionMajor !== 1 || second !== undefined) return 'malformed';
    if (host === undefined) return raw.httpVersionMinor === 0 ? 'ours' : 'malformed';
    const named = authorityOf(raw.url ?? '/');
    if (named !== undefined && named.toLowerCase() !== host.toLowerCase()) return 'malformed';
    let verdict = kept.get(host);
    if (verdict === undefined) {
      verdict = judgeHost(host);
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(host, verdict);
    }
    return verdict === 'elsewhere' && isTrustedPeer() ? 'ours' : verdict;
  };
}

/** The path and query of a target, also where it came in absolute form (RFC 9112 §3.2.2). */
export function originForm(target: string): string {
  const authority = authorityOf(target);
  if (authority === undefined) return target;
  const rest = target.slice(target.indexOf('://') + 3 + authority.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** What stands between `http://` and the path; undefined where the target is a path. */
function authorityOf(target: string): string | undefined {
  return target.startsWith('/') ? undefined : /^https?:\/\/([^/?]*)/i.exec(target)?.[1];
}
