import { object, optional, required, withDefault } from './collection-shapes.ts';
import type { ForwardedCertificates } from './config.ts';
import { findText, findValue, type MapNode } from './node.ts';
import { choice, textAs } from './scalar-shapes.ts';
import { FAILED, type Failed, Refused, type Shape, type Spot } from './shape.ts';
import type { Tls } from './tls-config.ts';

/** A path, relative to the working directory. */
export const filePath: Shape<string> = textAs({
  allowed: ['a path'],
  maxLength: 4096,
  read: (value) => (value.includes('\0') ? new Refused('is not a path') : value),
});

/** A path of a file that must be there now. */
export const existingFile: Shape<string> = {
  schema: filePath.schema,
  read(node, spot) {
    const path = filePath.read(node, spot);
    if (path === FAILED) return FAILED;
    const fault = spot.reading.checkFile(path);
    return fault === undefined ? path : spot.refuse(node, fault);
  },
};

/** `tls`. */
export const tlsShape: Shape<Tls> = object({
  keys: {
    cert: required(existingFile, 'PEM file: the certificate, then its chain. Relative to the working directory.'),
    key: required(existingFile, 'PEM file: the private key.'),
    client_certificates: withDefault(
      choice(['off', 'optional']),
      'off',
      'optional asks for a client certificate and lets any through to client authentication (RFC 8705), self-signed ones too.',
    ),
    client_ca: optional(
      existingFile,
      'PEM file: the authorities that tls_client_auth trusts (RFC 8705 §2.1). Needs client_certificates: optional.',
    ),
  },
  check: requireAskedCertificates,
  build: ({ cert, key, client_certificates, client_ca }) => ({ cert, key, clientCertificates: client_certificates, clientCa: client_ca }),
});

/** `forwarded_certificates`. */
export const forwardedCertificatesShape: Shape<ForwardedCertificates> = object({
  keys: {
    header: required(
      choice(['client-cert']),
      'Client-Cert of RFC 9440: the certificate as a byte sequence. Believed of trusted_proxies alone.',
    ),
    client_ca: optional(
      existingFile,
      'PEM file: the authorities that issue the certificates of tls_client_auth (RFC 8705 §2.1), each certificate directly.',
    ),
  },
  build: ({ header, client_ca }) => ({ header, clientCa: client_ca }),
});

function requireAskedCertificates(node: MapNode, spot: Spot): Failed | undefined {
  const authority = findValue(node, 'client_ca');
  if (authority === undefined || (findText(findValue(node, 'client_certificates')) ?? 'off') !== 'off') return undefined;
  return spot.at('client_ca').refuse(authority, 'has no effect without client_certificates: optional');
}
