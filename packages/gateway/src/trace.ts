import { randomBytes } from 'node:crypto';

/** Version 00, an id that is not all zeros, a parent that is not. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

/**
 * The headers by which a request is found again inside (W3C Trace Context). The parent of a peer that is trusted is kept; anybody else's begins
 * nothing.
 *
 * @param parent `traceparent` as it came, of a peer that is trusted; undefined for others.
 * @param hex 48 digits of chance.
 * @returns names and values in turn, and the id.
 */
export function traceHeaders(parent: string | undefined, hex: string): { readonly id: string; readonly lines: readonly string[] } {
  const known = parent === undefined ? null : TRACEPARENT.exec(parent);
  const trace = known?.[1] ?? hex.slice(0, 32);
  const flags = known?.[2] ?? '00';
  return { id: trace, lines: ['x-request-id', trace, 'traceparent', `00-${trace}-${hex.slice(32, 48)}-${flags}`] };
}

const TRACE_DIGITS = 48;
/** Chance is drawn for so many requests at once: for each one alone it costs twenty times as much. */
const DRAWN = 256;

/** Makes texts of 48 hexadecimal digits of chance. They name requests and open nothing: whoever could read this memory may know the next. */
export function traceSource(): () => string {
  let drawn = '';
  let at = 0;
  return () => {
    if (at === drawn.length) {
      drawn = randomBytes((DRAWN * TRACE_DIGITS) / 2).toString('hex');
      at = 0;
    }
    at += TRACE_DIGITS;
    return drawn.slice(at - TRACE_DIGITS, at);
  };
}
