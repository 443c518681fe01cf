import type { Config } from '../config/config.ts';

/** Whether client certificates reach this server (RFC 8705): metadata and registration say so. */
export function seesCertificates({ tls, policies }: Config): boolean {
  return tls?.clientCertificates === 'optional' || policies.forwardedCertificates !== undefined;
}

/** Whether a client can prove itself by that method here. */
export function isUsable(config: Config, method: string): boolean {
  if (method === 'attest_jwt_client_auth') return config.policies.trustedAttesters.length > 0;
  if (method === 'self_signed_tls_client_auth') return seesCertificates(config);
  if (method !== 'tls_client_auth') return true;
  return seesCertificates(config) && (config.tls?.clientCa ?? config.policies.forwardedCertificates?.clientCa) !== undefined;
}
