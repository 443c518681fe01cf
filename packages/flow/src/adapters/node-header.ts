import type { IncomingMessage } from 'node:http';

/** A header as one text, however often it was sent. */
export function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : value;
}
