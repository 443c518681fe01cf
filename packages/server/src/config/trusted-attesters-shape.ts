import { isClientId } from '@hufu/protocol/ids';
import { findWebUriFault } from '@hufu/protocol/web-uri';
import { list, object, optional, required } from './collection-shapes.ts';
import type { TrustedAttester } from './config.ts';
import { jwksShape } from './jwks-shape.ts';
import { findValue } from './node.ts';
import { text, textAs } from './scalar-shapes.ts';
import { Refused, type Shape } from './shape.ts';

const webUri: Shape<string> = textAs({
  allowed: ['https://…, or http on localhost, 127.0.0.1 and [::1]'],
  maxLength: 2048,
  read(value) {
    const fault = findWebUriFault(value);
    return fault === undefined ? value : new Refused(fault);
  },
});

const clientId: Shape<string> = textAs({
  allowed: ['a client id'],
  maxLength: 255,
  read: (value) => (isClientId(value) ? value : new Refused('holds a character that a client id cannot hold')),
});

const attester: Shape<TrustedAttester> = object({
  keys: {
    issuer: required(text(2048), 'What it is called: iss of its attestations, where they have one.'),
    jwks: optional(jwksShape, 'Its public keys.'),
    jwks_uri: optional(webUri, 'Where its public keys are.'),
    clients: required(list(clientId, { min: 1, max: 1000, unique: [{ path: [] }] }), 'Clients whose instances it vouches for.'),
  },
  check(node, spot) {
    const both = findValue(node, 'jwks') !== undefined && findValue(node, 'jwks_uri') !== undefined;
    const neither = findValue(node, 'jwks') === undefined && findValue(node, 'jwks_uri') === undefined;
    return both || neither ? spot.report(node.place, 'needs one of jwks and jwks_uri', both ? 'both' : 'neither') : undefined;
  },
  build: ({ issuer, jwks, jwks_uri, clients }) => ({ issuer, jwks, jwksUri: jwks_uri, clients }),
});

/** `policies.trusted_attesters`. */
export const trustedAttestersShape: Shape<readonly TrustedAttester[]> = list(attester, { max: 100, unique: [{ path: ['issuer'] }] });
