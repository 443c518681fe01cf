import { type DpopReading, readDpopProof } from '@hufu/protocol/dpop';
import type { HttpRequest } from '../http.ts';

const readings = new WeakMap<HttpRequest, DpopReading>();

/** The DPoP proof of a request (RFC 9449 §4.2), read once however many ask; undefined where it has none. */
export function readProofOf(http: HttpRequest): DpopReading | undefined {
  const text = http.headers['dpop'];
  if (text === undefined) return undefined;
  const before = readings.get(http);
  if (before !== undefined) return before;
  // Node joins repeated headers with commas, which no proof has (§4.3, item 1).
  const reading = readDpopProof(String(text));
  readings.set(http, reading);
  return reading;
}
