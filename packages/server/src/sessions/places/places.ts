import { readFileSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { headerPlaces } from './header.ts';
import { networkPlaces } from './networks.ts';
import type { PlaceSource } from './place-source.ts';

/** Where places are known from; undefined where nobody asks for any. A source is one file and one line here. */
export function placeSource({ policies: { places } }: Config): PlaceSource | undefined {
  switch (places.kind) {
    case 'none':
      return undefined;
    case 'header':
      return headerPlaces(places.header);
    case 'networks':
      return networkPlaces(readFileSync(places.file, 'utf8'));
  }
}
