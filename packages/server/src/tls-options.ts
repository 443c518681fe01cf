import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { Tls } from './config/tls-config.ts';

/** TLS 1.2 limited to the four suites that FAPI allows, and without renegotiation (RFC 9325 §3.5); TLS 1.3 as it is. */
export function tlsOptions(tls: Tls): SecureContextOptions & TlsOptions {
  const asks = tls.clientCertificates === 'optional';
  return {
    cert: readFileSync(tls.cert),
    key: readFileSync(tls.key),
    minVersion: 'TLSv1.2',
    // A ticket would bring back what was thought of a certificate before client_ca changed.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (asks ? constants.SSL_OP_NO_TICKET : 0),
    ciphers:
      'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384',
    // Without authorities of our own nobody is trusted: not those that the Web trusts.
    ca: tls.clientCa === undefined ? [] : readFileSync(tls.clientCa),
    requestCert: asks,
    rejectUnauthorized: false,
  };
}
