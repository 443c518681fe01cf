import { lookup as dnsLookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import type { AllowedHost } from '../config/config.ts';
import { isPrivateAddress } from './private-address.ts';

/** What came back: complete, within the limits, not redirected. */
export interface OutboundReply {
  readonly status: number;
  readonly contentType: string;
  /** `Cache-Control`; '' where there is none. */
  readonly cacheControl: string;
  readonly body: Buffer;
}

export interface OutboundLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** `policies.outbound.allow_hosts`: exempt from the guard, and may be plain http. */
  readonly allow: readonly AllowedHost[];
}

/** The request was not made, or its answer not taken. The message is for the log: callers answer with words of their own. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
}

/**
 * GETs a URL that somebody else chose. The name is resolved once, every address it has must be public, and the connection goes to one of
 * those very addresses: there is no second look-up to answer differently. No redirect is followed, no cookie or credential sent, no proxy
 * variable heard; size and time are bounded.
 */
export function fetchOutbound(text: string, limits: OutboundLimits): Promise<OutboundReply> {
  const url = URL.parse(text);
  if (url === null) return Promise.reject(new OutboundRefused('not a URL'));
  const hostname = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const allowed = isAllowedName(hostname, limits.allow) || (isIP(hostname) !== 0 && isAllowedAddress(hostname, limits.allow));
  if (url.username !== '' || url.password !== '') return Promise.reject(new OutboundRefused('a URL with credentials'));
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowed))
    return Promise.reject(new OutboundRefused(`scheme ${url.protocol}`));
  if (url.port !== '' && !allowed && Number(url.port) < 1024) return Promise.reject(new OutboundRefused(`port ${url.port}`));
  if (isIP(hostname) !== 0 && !mayReach(hostname, allowed, limits.allow)) return Promise.reject(new OutboundRefused('a private address'));
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(
      url,
      {
        method: 'GET',
        headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'hufu' },
        lookup: guardedLookup(allowed, limits.allow),
        signal: AbortSignal.timeout(limits.timeoutMs),
        agent: false,
        maxHeaderSize: 8_192,
      },
      (reply) => readReply(reply, limits.maxBytes).then(resolve, reject),
    );
    request.on('error', (cause) => reject(new OutboundRefused(`the request failed: ${cause.message}`, { cause })));
    request.end();
  });
}

function guardedLookup(allowed: boolean, allow: readonly AllowedHost[]): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      const fault =
        error ??
        (addresses.every(({ address }) => mayReach(address, allowed, allow)) ? null : new OutboundRefused('a name with a private address'));
      const [first] = addresses ?? [];
      if (fault !== null || first === undefined) {
        callback(fault ?? new OutboundRefused('a name without an address'), '', 4);
        return;
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function mayReach(address: string, allowedName: boolean, allow: readonly AllowedHost[]): boolean {
  return allowedName || !isPrivateAddress(address) || isAllowedAddress(address, allow);
}

function isAllowedAddress(address: string, allow: readonly AllowedHost[]): boolean {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  return allow.some((entry) => {
    if (entry.kind !== 'network') return false;
    const list = new BlockList();
    list.addSubnet(entry.network.address, entry.network.prefixLength, entry.network.family);
    return list.check(address, family);
  });
}

function isAllowedName(hostname: string, allow: readonly AllowedHost[]): boolean {
  return allow.some((entry) => entry.kind === 'host' && entry.host === hostname);
}

async function readReply(reply: IncomingMessage, maxBytes: number): Promise<OutboundReply> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of reply) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > maxBytes) {
      reply.destroy();
      throw new OutboundRefused(`more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const status = reply.statusCode ?? 0;
  if (status >= 300 && status < 400) throw new OutboundRefused(`a redirect (${status})`);
  return {
    status,
    contentType: reply.headers['content-type'] ?? '',
    cacheControl: reply.headers['cache-control'] ?? '',
    body: Buffer.concat(chunks),
  };
}
