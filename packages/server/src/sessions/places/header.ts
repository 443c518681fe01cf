import { type PlaceSource, readPlace } from './place-source.ts';

/** Values of those who do not know either: Cloudflare's, and those of the lists that proxies use. */
const UNKNOWN: ReadonlySet<string> = new Set(['XX', 'ZZ', 'T1']);

/** What a trusted proxy writes into a header of its own, such as a country. */
export function headerPlaces(header: string): PlaceSource {
  return ({ headers, isProxied }) => {
    const value = headers[header];
    if (!isProxied || typeof value !== 'string') return undefined;
    const place = readPlace(value);
    return place === undefined || UNKNOWN.has(place) ? undefined : place;
  };
}
