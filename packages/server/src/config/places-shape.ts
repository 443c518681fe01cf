import { object, optional } from './collection-shapes.ts';
import type { Policies } from './config.ts';
import { findValue } from './node.ts';
import { textAs } from './scalar-shapes.ts';
import { Refused, type Shape } from './shape.ts';
import { existingFile } from './tls-shape.ts';

const headerName: Shape<string> = textAs({
  allowed: ['the name of a header'],
  maxLength: 64,
  pattern: '^[A-Za-z0-9-]+$',
  read: (value) => (/^[A-Za-z0-9-]+$/.test(value) ? value.toLowerCase() : new Refused('is not the name of a header')),
});

/** `policies.places`: where the coarse place of a sign-in is known from; from nowhere by default. */
export const placesShape: Shape<Policies['places']> = object({
  keys: {
    header: optional(headerName, 'A header in which a proxy tells the place (a country, a city). Believed of trusted_proxies alone.'),
    networks: optional(
      existingFile,
      'CSV file of networks and their places (203.0.113.0/24,Zürich), one a line; the narrowest network counts.',
    ),
  },
  check(node, spot) {
    const networks = findValue(node, 'networks');
    if (networks === undefined || findValue(node, 'header') === undefined) return undefined;
    return spot.at('networks').refuse(networks, 'stands beside header: places are known from one source');
  },
  build: ({ header, networks }) => {
    if (header !== undefined) return { kind: 'header', header };
    return networks === undefined ? { kind: 'none' } : { kind: 'networks', file: networks };
  },
});
