import type { Exchange } from './traffic.ts';

/** A text that may never stand in a log line, a decision record or the database. */
export interface Canary {
  /** What it is, for the message: the text itself is not repeated. */
  readonly kind: string;
  readonly text: string;
}

/** Shorter texts stand in other texts by chance. */
const MIN_LENGTH = 12;
/** The half of a tally credential that only its holder has. */
const SECRET_HALF = 24;
// Where one begins: what is sealed is random base64url, and four letters of it are a prefix now and then.
const TALLY = /(?<![A-Za-z0-9_-])(?:hf[abcdmrs]_[A-Za-z0-9_-]{60,}|hf[gi]_[A-Za-z0-9_-]{43,})/g;
/** What registrations and their answers carry. */
const JSON_SECRET = /"(client_secret)" *: *"([^"]*)"/g;
const JWT = /eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g;
const SECRET_PARAMETERS = new Set([
  'password',
  'client_secret',
  'client_assertion',
  'code',
  'code_verifier',
  'refresh_token',
  'access_token',
  'assertion',
  'subject_token',
  'actor_token',
  'token',
  'csrf',
]);

/** Every secret that went over the wire, and those that were declared. */
export class Canaries {
  readonly #texts = new Map<string, string>();
  readonly #public = new Set<string>();

  /** The text as it is, and as forms, addresses and JSON write it. */
  add(kind: string, text: string): void {
    if (this.#public.has(text)) return;
    for (const written of spellings(text)) if (written.length >= MIN_LENGTH) this.#texts.set(written, kind);
  }

  /** From now on this text is no secret, wherever it comes by. */
  forgive(text: string): void {
    this.#public.add(text);
    for (const written of spellings(text)) this.#texts.delete(written);
  }

  /** Collects what a request carried and what its reply brought. */
  harvest(exchange: Exchange): void {
    for (const text of [exchange.requestBody, exchange.query, exchange.body, ...(exchange.headers.get('location') ?? [])])
      this.#credentials(text);
    this.#parameters(exchange.requestBody);
    for (const text of [exchange.requestBody, exchange.body])
      for (const [, name = '', value = ''] of text.matchAll(JSON_SECRET)) this.add(`the member ${name}`, value);
    this.#parameters(exchange.query);
    this.#authorization(exchange.requestHeaders['authorization']);
    for (const line of exchange.headers.get('set-cookie') ?? []) this.#cookie(line.split(';')[0] ?? '');
    const sent = exchange.requestHeaders['cookie'];
    if (typeof sent === 'string') for (const pair of sent.split(';')) this.#cookie(pair.trim());
  }

  /** The secrets that stand in a text. In one pass: the texts are long and the secrets are many. */
  find(text: string): readonly Canary[] {
    const byBeginning = Map.groupBy(this.#texts.keys(), (canary) => canary.slice(0, MIN_LENGTH));
    const found = new Map<string, string>();
    for (let at = 0; at + MIN_LENGTH <= text.length; at++) {
      for (const canary of byBeginning.get(text.slice(at, at + MIN_LENGTH)) ?? []) {
        if (text.startsWith(canary, at)) found.set(canary, this.#texts.get(canary) ?? '');
      }
    }
    // Also those that never crossed the wire.
    for (const [match] of text.matchAll(TALLY)) if (!this.#public.has(match)) found.set(match, found.get(match) ?? 'a credential');
    for (const [match] of text.matchAll(JWT))
      if (!this.#public.has(match) && !isCheckpoint(match)) found.set(match, found.get(match) ?? 'a JWT');
    return [...found].map(([canary, kind]) => ({ kind, text: canary }));
  }

  #credentials(text: string): void {
    for (const [match] of text.matchAll(TALLY)) {
      this.add(`the credential ${match.slice(0, 4)}…`, match);
      // What a client has for itself has no such half; an access token's is derived and stands last (docs/decisions/0002).
      const half = match.startsWith('hfa_') ? match.slice(-SECRET_HALF) : match.slice(4, 4 + SECRET_HALF);
      if (/^hf[acrs]_/.test(match)) this.add(`the secret half of ${match.slice(0, 4)}…`, half);
    }
    for (const [match] of text.matchAll(JWT)) {
      this.add('a JWT', match);
      this.add("a JWT's signature", match.slice(match.lastIndexOf('.') + 1));
    }
  }

  #parameters(text: string): void {
    if (text.length > 65_536) return;
    for (const [name, value] of new URLSearchParams(text)) if (SECRET_PARAMETERS.has(name)) this.add(`the parameter ${name}`, value);
  }

  #authorization(header: string | readonly string[] | undefined): void {
    if (typeof header !== 'string') return;
    const [scheme = '', value = ''] = header.split(' ', 2);
    this.add(`the ${scheme} credentials`, value);
    if (scheme.toLowerCase() !== 'basic') return;
    const plain = Buffer.from(value, 'base64').toString('latin1');
    if (plain.includes(':')) this.add('a client secret', plain.slice(plain.indexOf(':') + 1));
  }

  #cookie(pair: string): void {
    const equals = pair.indexOf('=');
    if (equals > 0) this.add(`the cookie ${pair.slice(0, equals)}`, pair.slice(equals + 1));
  }
}

/** What the audit log keeps of itself is signed, and lets nobody in: its `typ` is taken nowhere (RFC 8725 §3.11). */
function isCheckpoint(jwt: string): boolean {
  return Buffer.from(jwt.split('.', 1)[0] ?? '', 'base64url')
    .toString()
    .includes('"typ":"audit-checkpoint+jwt"');
}

function spellings(text: string): readonly string[] {
  const form = new URLSearchParams([['', text]]).toString().slice(1);
  return [text, form, form.replaceAll('+', '%20'), JSON.stringify(text).slice(1, -1)];
}
