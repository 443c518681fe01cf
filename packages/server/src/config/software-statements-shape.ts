import { type PublicJwks, readPublicJwks } from '@hufu/protocol/client-jwks';
import { type Fault, FieldReader } from '@hufu/protocol/field-reader';
import { findWebUriFault } from '@hufu/protocol/web-uri';
import { list, object, optional, required } from './collection-shapes.ts';
import type { StatementIssuer } from './config.ts';
import { findValue, locate, toJson } from './node.ts';
import { text, textAs } from './scalar-shapes.ts';
import { FAILED, Refused, type Shape } from './shape.ts';

/** RFC 7517 §5, by the protocol's own reader. */
const jwks: Shape<PublicJwks> = {
  schema: {
    type: 'object',
    properties: { keys: { description: 'Public keys (RFC 7517).', type: 'array', items: { type: 'object' }, minItems: 1 } },
    required: ['keys'],
  },
  read(node, spot) {
    const faults: Fault[] = [];
    const read = readPublicJwks(new FieldReader(toJson(node), [], faults, { nulls: 'wrong', unknown: 'ignored' }));
    if (faults.length === 0 && read.keys.length === 0) faults.push({ path: ['keys'], message: 'has no key' });
    for (const { path, message } of faults) {
      const here = path.reduce((inner, part) => inner.at(part), spot.asSecret());
      here.report(locate(node, path).node.place, message, '');
    }
    return faults.length === 0 ? read : FAILED;
  },
};

const issuer: Shape<StatementIssuer> = object({
  keys: {
    issuer: required(text(2048), 'iss of the statements.'),
    jwks: optional(jwks, 'Public keys of the issuer.'),
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
