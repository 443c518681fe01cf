/** What happens to a header of a request on its way inside. */
export type Fate =
  | 'pass'
  /** Never goes on: of one connection alone, or something only the edge may say. */
  | 'drop'
  /** `Authorization` and what proves a token's holder: goes on where the route says so. */
  | 'credential'
  | 'cookie'
  | 'host'
  | 'content-length'
  | 'transfer-encoding'
  | 'connection'
  | 'expect';

/** A name as it was looked up. */
export interface HeaderName {
  /** Lower case. */
  readonly name: string;
  readonly fate: Fate;
}

/** Names that are remembered; they are strangers'. */
const MAX_KEPT = 1_000;

/** RFC 9110 §7.6.1, and what grew beside it. `Proxy` becomes a variable that programs believe. */
const HOP = new Set(['keep-alive', 'proxy', 'te', 'trailer', 'upgrade', 'http2-settings']);

/** What frames a message, or says who sent it: a second spelling of one of these is dropped. */
const KEPT_FOR_US: ReadonlyMap<string, Fate> = new Map<string, Fate>([
  ['host', 'host'],
  ['content-length', 'content-length'],
  ['transfer-encoding', 'transfer-encoding'],
  ['connection', 'connection'],
  ['expect', 'expect'],
  ['cookie', 'cookie'],
  ['authorization', 'credential'],
  ['dpop', 'credential'],
]);

/** Whole names of what only the edge says, folded. */
const IDENTITY = new Set([
  'forwarded',
  'x-forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'x-csrf',
  'x-request-id',
  'traceparent',
  'tracestate',
  // A method that is not the one of the request line.
  'x-http-method-override',
  'x-method-override',
  'x-http-method',
]);
const IDENTITY_PREFIXES = [
  'passport',
  'x-passport',
  'x-forwarded-',
  'x-original-',
  'x-rewrite-',
  'x-user',
  'x-auth-',
  'x-authenticated-',
  'x-remote-',
  'remote-',
  'x-webauth-',
  'ssl-client-',
  'x-ssl-client-',
  // RFC 9440 §2.4: with `Client-Cert-Chain`.
  'client-cert',
  'proxy-',
];

/** Looks names of request headers up. */
export type HeaderNames = (name: string) => HeaderName;

/**
 * What each header of a request is. Names of identity are compared folded: every character that is no letter and no digit counts as `-`,
 * because many servers make them one (attacks GTW-01).
 *
 * @param more further names that never go on; one that ends in `*` is a beginning of names.
 */
export function headerNames(more: readonly string[] = []): HeaderNames {
  const whole = new Set([...IDENTITY, ...more.filter((name) => !name.endsWith('*')).map(fold)]);
  const prefixes = [...IDENTITY_PREFIXES, ...more.filter((name) => name.endsWith('*')).map((name) => fold(name.slice(0, -1)))];
  const kept = new Map<string, HeaderName>();

  function fateOf(name: string): Fate {
    const ours = KEPT_FOR_US.get(name);
    if (ours !== undefined) return ours;
    const folded = fold(name);
    if (HOP.has(folded) || whole.has(folded) || KEPT_FOR_US.has(folded)) return 'drop';
    return prefixes.some((prefix) => folded.startsWith(prefix)) ? 'drop' : 'pass';
  }

  return (sent) => {
    const known = kept.get(sent);
    if (known !== undefined) return known;
    const name = sent.toLowerCase();
    const looked: HeaderName = { name, fate: fateOf(name) };
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(sent, looked);
    return looked;
  };
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}
