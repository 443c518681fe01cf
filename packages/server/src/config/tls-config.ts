export interface Tls {
  /** Paths of PEM files. */
  readonly cert: string;
  readonly key: string;
  /** `optional` asks for a certificate and leaves judging it to client authentication (RFC 8705). */
  readonly clientCertificates: 'off' | 'optional';
  /** Whom `tls_client_auth` trusts (RFC 8705 §2.1). */
  readonly clientCa: string | undefined;
}
