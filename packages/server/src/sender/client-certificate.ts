import { hash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { isTrustedPeer } from '../client-address.ts';
import type { Config } from '../config/config.ts';
import type { ClientCertificate } from '../http.ts';

/** Reads the certificate of whoever sent a request; undefined where there is none, or none that counts. */
export type CertificateReader = (raw: IncomingMessage) => ClientCertificate | undefined;

/** Characters of the header: a certificate of 12 KiB. */
const MAX_HEADER = 16_384;
/** RFC 9440 §2, RFC 8941 §3.3.5: a byte sequence, once. Two of them are joined by a comma, and are none. */
const BYTES = /^:([A-Za-z0-9+/]+={0,2}):$/;
/** For clients (RFC 5280 §4.2.1.12). */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** Certificates that proxies told of: the same few again and again. */
const MAX_KEPT = 1_000;

/**
 * How this server gets to know of client certificates: from its own connections, or from the header of a proxy that is trusted to tell (RFC 9440). Whoever
 * is no such proxy and sends the header anyway has told nothing (attacks TOK-27), and the certificate of a proxy itself is no client's.
 * Undefined where the configuration has neither: then nobody asks, and nothing is paid for.
 */
export function certificateReader({ tls, policies, trustedProxies }: Config): CertificateReader | undefined {
  const { forwardedCertificates: forwarded } = policies;
  if (tls?.clientCertificates !== 'optional' && forwarded === undefined) return undefined;
  const ofHeader = forwarded === undefined ? undefined : headerReader(forwarded.clientCa);
  const trusts = tls?.clientCa !== undefined;
  return (raw) => {
    const { socket } = raw;
    if (isTrustedPeer(socket.remoteAddress ?? '', trustedProxies)) return ofHeader?.(raw.headers['client-cert']);
    return socket instanceof TLSSocket && tls?.clientCertificates === 'optional' ? ofConnection(socket, trusts) : undefined;
  };
}

/** One for all requests of a connection. */
const connections = new WeakMap<TLSSocket, ClientCertificate>();

function ofConnection(socket: TLSSocket, trusts: boolean): ClientCertificate | undefined {
  const known = connections.get(socket);
  if (known !== undefined) return known;
  const x509 = socket.getPeerX509Certificate();
  if (x509 === undefined) return undefined;
  // Without a client_ca OpenSSL has looked for an authority among those of the Web, which vouch for no client of ours.
  const certificate = certificateOf(x509, trusts && socket.authorized ? [x509] : undefined);
  connections.set(socket, certificate);
  return certificate;
}

function headerReader(clientCa: string | undefined): (header: string | string[] | undefined) => ClientCertificate | undefined {
  const authorities = clientCa === undefined ? [] : readAuthorities(readFileSync(clientCa, 'utf8'));
  const kept = new Map<string, ClientCertificate>();
  return (header) => {
    if (typeof header !== 'string' || header.length > MAX_HEADER) return undefined;
    const known = kept.get(header);
    if (known !== undefined) return known;
    const der = BYTES.exec(header)?.[1];
    const x509 = der === undefined ? undefined : parse(Buffer.from(der, 'base64'));
    if (x509 === undefined) return undefined;
    const authority = authorities.find((candidate) => isIssuedBy(x509, candidate));
    const certificate = certificateOf(x509, authority === undefined ? undefined : [x509, authority]);
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(header, certificate);
    return certificate;
  };
}

/** What the proxy has verified we cannot see: so the certificate counts where one of the authorities signed it itself. */
function isIssuedBy(x509: X509Certificate, authority: X509Certificate): boolean {
  const usages: readonly string[] | undefined = x509.keyUsage;
  const forClients = usages === undefined || usages.includes(CLIENT_AUTH);
  return authority.ca && forClients && x509.checkIssued(authority) && x509.verify(authority.publicKey);
}

function certificateOf(x509: X509Certificate, chain: ClientCertificate['chain']): ClientCertificate {
  return { x509, thumbprint: hash('sha256', x509.raw, 'base64url'), chain };
}

function readAuthorities(pem: string): readonly X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).flatMap((text) => parse(Buffer.from(text)) ?? []);
}

function parse(bytes: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}
