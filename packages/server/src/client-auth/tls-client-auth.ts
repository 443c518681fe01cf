import type { X509Certificate } from 'node:crypto';
import { findSubjectFault } from '../sender/certificate-subject.ts';
import type { AuthMethod } from './auth-method.ts';

export const NO_CERTIFICATE = 'there is no client certificate on the connection, nor from a proxy that is trusted to tell of one';

/** A certificate of an authority that we trust, with the one name that the client registered (RFC 8705 §2.1). */
export const tlsClientAuth: AuthMethod = {
  name: 'tls_client_auth',
  mechanism: 'none',
  prove(_ctx, client, { request, trail, now }) {
    trail.at('client_certificate');
    const certificate = request.certificate?.();
    const expected = client.metadata.tlsClientAuth;
    if (certificate === undefined) return NO_CERTIFICATE;
    if (expected === undefined) return 'the client registered no subject';
    if (certificate.chain === undefined) return 'its certificate is not from an authority of client_ca';
    // A handshake looks at them too, but connections are long, and a proxy may be forgetful.
    if (!certificate.chain.every((one) => isValidAt(one, now * 1000))) return 'its certificate, or its authority, is not valid now';
    const fault = findSubjectFault(certificate.x509, expected);
    if (fault === undefined) trail.at('client_authentication');
    return fault;
  },
};

function isValidAt({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime();
}
