import { hash, type X509Certificate } from 'node:crypto';

/** The certificate of the client at the other end of the connection (RFC 8705 §3): its DER. Undefined without TLS, or where the client has shown none. */
export function connectionCertificate({ socket }: { readonly socket?: unknown }): Uint8Array | undefined {
  return isTls(socket) ? socket.getPeerX509Certificate()?.raw : undefined;
}

/** `x5t#S256` of a certificate (RFC 8705 §3.1); what is that already stays as it is. */
export function thumbprintOf(certificate: Uint8Array | string | undefined): string | undefined {
  return typeof certificate === 'object' ? hash('sha256', certificate, 'base64url') : certificate;
}

function isTls(socket: unknown): socket is { getPeerX509Certificate(): X509Certificate | undefined } {
  return (
    typeof socket === 'object' &&
    socket !== null &&
    'getPeerX509Certificate' in socket &&
    typeof socket.getPeerX509Certificate === 'function'
  );
}
