import type { IncomingHttpHeaders } from 'node:http';

/** What a source of places sees of a request. */
export interface Seen {
  readonly headers: IncomingHttpHeaders;
  /** Whether the peer is a proxy that the configuration trusts: nobody else's word for a place counts. */
  readonly isProxied: boolean;
  /** Of the client. */
  readonly address: string;
}

/** The coarse place of whoever sent a request, as pages show it; undefined where nobody knows. */
export type PlaceSource = (seen: Seen) => string | undefined;

const MAX_PLACE = 64;

/** A name of a place: letters, digits, spaces and a little between them. Nothing else of it is shown to anybody. */
export function readPlace(text: string): string | undefined {
  const name = text.trim().normalize('NFC');
  return name.length > 0 && name.length <= MAX_PLACE && /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ,.'()/-]*$/u.test(name) ? name : undefined;
}
