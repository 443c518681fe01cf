/** What is asked of every edge. */

/** 1 KiB of JSON. */
export const BODY: string = JSON.stringify({
  notes: Array.from({ length: 14 }, (_, id) => ({ id, title: `Note ${id}`, text: 'x'.repeat(32) })),
});

/** About what a client with an access token sends. */
export const HEADERS: readonly string[] = [
  'Accept: application/json',
  'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en',
  'User-Agent: bench/1.0 (a client of the usual kind; it has a name and a version)',
  'Authorization: Bearer {credential}',
  'Cookie: theme=dark; tracking=0123456789',
];

export const AUDIENCE = 'https://api.bench.example';
export const SCOPE = 'notes:read';
/** Different tokens that are sent in turn: each is verified once. */
export const TOKENS = 256;

/** Below this path answers are event streams: a head at once; then an event after so many milliseconds and the end, or a comment and nothing more. */
export const BRIEF_STREAM = '/notes/brief';
export const LONG_STREAM = '/notes/long';
export const FIRST_EVENT_MS = 30;

/** As it is kept per token: made once. */
export const PASSPORT: string = 'eyJhbGciOiJFUzI1NiJ9.'.padEnd(500, 'x');

/** What a gateway is told of the issuer behind the tokens. */
export interface BenchIssuer {
  readonly issuer: string;
  readonly tokens: readonly string[];
}
