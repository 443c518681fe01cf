/** What decides about the headers of a page. */
export interface PageHeaderOptions {
  /** The issuer, as configured: with `https:` the page demands it from then on. */
  readonly issuer: string;
  /** For pages with a script (`layout.ts`, form_post, signed out): 128 bits or more, fresh for each reply, base64 or base64url. */
  readonly scriptNonce?: string;
  /** Scripts of our own that the page runs: their paths, each with a hash of its content. */
  readonly scripts?: readonly string[];
  /** Origins of others whose scripts the page runs: of a check that `policies.bot_check` names, and of nothing else. */
  readonly foreignScripts?: readonly string[];
  /** Paths of ours that these scripts ask. */
  readonly connects?: readonly string[];
  /**
   * `isolated` cuts the tie to a window that opened this one. `popup` keeps it, for pages on the way through the authorization endpoint:
   * cutting it there for good breaks clients that sign in through a popup and wait for its message.
   */
  readonly opener?: 'isolated' | 'popup';
  /** Addresses that the page loads into frames (of clients, Front-Channel Logout §3): their origins alone are allowed. */
  readonly frames?: readonly string[];
}

/**
 * The headers of every page: nothing loads but our own stylesheet, images and the scripts that are named, nobody frames the page (RFC 9700 §4.16), no address
 * leaks as a referrer (RFC 9700 §4.2.4), nothing is kept. There is no `form-action` on purpose: Chromium applies it to the redirects
 * that follow a form, and those lead to clients.
 * @throws {TypeError} when the nonce or a path could end its directive.
 */
export function pageHeaders(options: PageHeaderOptions): Readonly<Record<string, string>> {
  const { issuer, scriptNonce, scripts = [], foreignScripts = [], connects = [], opener = 'isolated', frames = [] } = options;
  const sources = [...scripts.map((path) => ownSource(issuer, path)), ...foreignScripts.map((address) => new URL(address).origin)];
  if (scriptNonce !== undefined) sources.push(`'nonce-${requireNonce(scriptNonce)}'`);
  const script =
    directive('script-src', sources) +
    directive(
      'connect-src',
      connects.map((path) => ownSource(issuer, path)),
    );
  return Object.freeze({
    ...FIXED,
    'content-security-policy': `${POLICY}${script}${frameSources(frames)}`,
    'cross-origin-opener-policy': opener === 'popup' ? 'unsafe-none' : 'same-origin',
    ...(issuer.startsWith('https:') ? STRICT_TRANSPORT : {}),
  });
}

const POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

const FIXED = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** A year, this host alone: what runs on hosts below it is not ours to decide. */
const STRICT_TRANSPORT = { 'strict-transport-security': 'max-age=31536000' } as const;

function frameSources(frames: readonly string[]): string {
  const origins = new Set(frames.map((frame) => new URL(frame).origin));
  return origins.size === 0 ? '' : `; frame-src ${[...origins].join(' ')}`;
}

/** One path of ours and no other: not even everything of our own runs as a script. */
function ownSource(issuer: string, path: string): string {
  if (!/^(?:\/[\w.-]+)+$/.test(path)) throw new TypeError('not a path for a content security policy');
  return `${new URL(issuer).origin}${path}`;
}

function directive(name: string, sources: readonly string[]): string {
  return sources.length === 0 ? '' : `; ${name} ${sources.join(' ')}`;
}

function requireNonce(nonce: string): string {
  if (!/^[\w+/-]{22,128}={0,2}$/.test(nonce)) throw new TypeError('not a nonce for a content security policy');
  return nonce;
}
