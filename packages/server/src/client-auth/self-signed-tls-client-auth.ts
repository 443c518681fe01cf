import { hasPublicKey } from '../client-keys/client-jwks.ts';
import type { AuthMethod } from './auth-method.ts';
import { NO_CERTIFICATE } from './tls-client-auth.ts';

/** A certificate of the client's own making, whose key is one of those that it registered (RFC 8705 §2.2). Who signed it, and until when, says nothing. */
export const selfSignedTlsClientAuth: AuthMethod = {
  name: 'self_signed_tls_client_auth',
  mechanism: 'none',
  async prove(ctx, client, { request, trail, now }) {
    trail.at('client_certificate');
    const certificate = request.certificate?.();
    if (certificate === undefined) return NO_CERTIFICATE;
    const known = await hasPublicKey(ctx, client, certificate.x509.publicKey, now);
    if (!known) return 'the key of its certificate is not one that the client registered';
    trail.at('client_authentication');
    return undefined;
  },
};
