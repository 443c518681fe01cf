import { findWebUriFault } from '@hufu/protocol/web-uri';
import { list, object, optional, required } from './collection-shapes.ts';
import type { StatementIssuer } from './config.ts';
import { jwksShape } from './jwks-shape.ts';
import { findValue } from './node.ts';
import { text, textAs } from './scalar-shapes.ts';
import { Refused, type Shape } from './shape.ts';

const issuer: Shape<StatementIssuer> = object({
  keys: {
    issuer: required(text(2048), 'iss of the statements.'),
    jwks: optional(jwksShape, 'Public keys of the issuer.'),
    jwks_uri: optional(
      textAs({
        allowed: ['https://…, or http on localhost, 127.0.0.1 and [::1]'],
        maxLength: 2048,
        read(value) {
          const fault = findWebUriFault(value);
          return fault === undefined ? value : new Refused(fault);
        },
      }),
      'Where the public keys of the issuer are.',
    ),
  },
  check(node, spot) {
    const both = findValue(node, 'jwks') !== undefined && findValue(node, 'jwks_uri') !== undefined;
    const neither = findValue(node, 'jwks') === undefined && findValue(node, 'jwks_uri') === undefined;
    return both || neither ? spot.report(node.place, 'needs one of jwks and jwks_uri', both ? 'both' : 'neither') : undefined;
  },
  build: (values) => ({
    issuer: values.issuer,
    keys: values.jwks === undefined ? { kind: 'jwks_uri', uri: values.jwks_uri ?? '' } : { kind: 'jwks', jwks: values.jwks },
  }),
});

/** `policies.software_statements`. */
export const softwareStatementsShape: Shape<readonly StatementIssuer[]> = list(issuer, { max: 100, unique: [{ path: ['issuer'] }] });
