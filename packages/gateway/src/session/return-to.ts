import { normalisePath } from '../proxy/path.ts';

const MAX_BYTES = 512;
const CIRCULAR = /^\/(?:login|callback|session|logout|backchannel-logout)(?:\/|$)/;

/**
 * Where to go on after a sign-in: a path of this host, with query and fragment. Undefined for anything else, and for what browsers or servers
 * read in more ways than one (RFC 9700 §4.11.1, attacks GTW-03).
 */
export function readReturnTo(text: string, base = '/edge'): string | undefined {
  if (text.length > MAX_BYTES || !/^\/[\x21-\x5b\x5d-\x7e]*$/.test(text)) return undefined;
  const end = text.search(/[?#]/);
  const path = normalisePath(end < 0 ? text : text.slice(0, end));
  if (typeof path !== 'string' || path === '//' || path.startsWith('//')) return undefined;
  // The endpoints of sign-in and sign-out lead in circles.
  const low = path.toLowerCase();
  if (low === '/edge' || low.startsWith('/edge/')) return undefined;
  if (low.startsWith(`${base}/`) && CIRCULAR.test(low.slice(base.length))) return undefined;
  // These mean something in pages.
  return end < 0 ? path : path + text.slice(end).replaceAll(/["'<>]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The same address, saying what went wrong. */
export function withError(returnTo: string, code: string): string {
  const url = new URL(returnTo, 'https://edge.invalid');
  url.searchParams.set('edge_error', code);
  return url.pathname + url.search + url.hash;
}
