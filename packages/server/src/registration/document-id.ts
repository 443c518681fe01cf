import { findWebUriFault, isLoopbackHost } from '@hufu/protocol/web-uri';
import type { AllowedHost } from '../config/config.ts';
import { isRefusedHost } from './refused-host.ts';

/**
 * Whether a client id is the address of a document (OAuth Client ID Metadata Document §3): https with a path, without fragment, user
 * information and dot segments, and to the byte what browsers make of it, so that nobody's reading of it is another (attacks REG-12). A
 * host of this very machine that `policies.outbound.allow_hosts` has may do without https: for whoever develops a client.
 */
export function isDocumentId(id: string, allow: readonly AllowedHost[]): boolean {
  if (!id.startsWith('https://') && !id.startsWith('http://')) return false;
  if (findWebUriFault(id, { fragment: 'refused' }) !== undefined || id.endsWith('?')) return false;
  const url = URL.parse(id);
  if (url === null || url.href !== id || url.pathname === '/') return false;
  return url.protocol === 'https:' || (isLoopbackHost(url.hostname) && !isRefusedHost(url.hostname, allow));
}
