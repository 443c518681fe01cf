import { seededRandom } from '../support/seeds.ts';
import { BASICS, FORM, METHODS, NAMES, ODD, PATHS, TEMPLATES, TYPES, WORDS } from './fuzz-words.ts';

/** What the server has handed out so far, for mixing into new requests. Bounded: a new one takes the place of an old one. */
export class Loot {
  readonly #texts: string[] = [];
  static readonly max = 200;

  add(text: string, dice: Dice): void {
    if (text === '') return;
    if (this.#texts.length < Loot.max) this.#texts.push(text);
    else this.#texts[dice.below(Loot.max)] = text;
  }

  pick(dice: Dice): string {
    return this.#texts.length === 0 ? 'hfr_nothing-yet' : dice.pick(this.#texts);
  }
}

export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new TypeError('nothing to pick from');
    return picked;
  }
}

/** A request that is, or once was, one of ours. `bytes` are latin1. */
export interface FuzzRequest {
  readonly bytes: string;
  /** Whether it is HTTP, so that an answer is owed. */
  readonly isHttp: boolean;
  readonly isHead: boolean;
}

/** The next request. `host` and `cookie` are those of an honest browser. */
export function nextRequest(dice: Dice, loot: Loot, host: string, cookie: string): FuzzRequest {
  const [templateMethod, templatePath, fields, basic] = dice.pick(TEMPLATES);
  const parts = fields.split('&').filter((part) => part !== '');
  // Half of them are good in everything but their values: those get far.
  if (dice.chance(0.5))
    return write(
      templateMethod,
      templatePath,
      mutateValues(parts, dice, loot),
      templateMethod === 'POST',
      goodHeaders(host, cookie, basic),
      false,
      dice,
    );
  const fresh = dice.chance(0.3);
  const method = dice.chance(0.9) ? (fresh ? dice.pick(['GET', 'POST']) : templateMethod) : dice.pick(METHODS);
  const path = mangle(fresh ? dice.pick(PATHS) : templatePath, dice, 0.05);
  const inBody = method === 'POST' ? dice.chance(0.92) : dice.chance(0.1);
  const lines = [`Host: ${host}`, ...headers(dice, loot, cookie, method === 'POST')];
  return write(method, path, mutateParameters(fresh ? [] : parts, dice, loot), inBody, lines, dice.chance(0.06), dice);
}

function write(
  method: string,
  path: string,
  parameters: readonly string[],
  inBody: boolean,
  headerLines: readonly string[],
  hit: boolean,
  dice: Dice,
): FuzzRequest {
  const text = parameters.join('&');
  const body = inBody ? text : '';
  const target = inBody || text === '' ? path : `${path}?${text.replace(/[\s\0]/g, '%20')}`;
  const lines = [
    `${method} ${target.replace(/[\r\n ]/g, '')} HTTP/1.1`,
    ...headerLines,
    ...(body === '' && method !== 'POST' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  const bytes = `${lines.map((line) => Buffer.from(line.replace(/[\r\n\0]/g, '')).toString('latin1')).join('\r\n')}\r\n\r\n${Buffer.from(body).toString('latin1')}`;
  if (!hit) return { bytes, isHttp: true, isHead: method === 'HEAD' };
  return { bytes: flip(bytes, dice), isHttp: false, isHead: true };
}

function goodHeaders(host: string, cookie: string, basic: string | undefined): readonly string[] {
  const authorization = basic === undefined ? [] : [`Authorization: Basic ${Buffer.from(basic).toString('base64')}`];
  return [`Host: ${host}`, `Content-Type: ${FORM}`, 'Accept: text/html', `Cookie: ${cookie}`, ...authorization];
}

/** One or two values are others; the names stay. */
function mutateValues(parts: readonly string[], dice: Dice, loot: Loot): readonly string[] {
  const written = fill(parts, dice, loot);
  for (let changes = dice.below(3); changes > 0 && written.length > 0; changes--) {
    const at = dice.below(written.length);
    written[at] = `${written[at]?.split('=')[0] ?? ''}=${encodeURIComponent(value(dice, loot, 0.2).toWellFormed())}`;
  }
  return written;
}

function fill(parts: readonly string[], dice: Dice, loot: Loot): string[] {
  return parts.map((part) => part.replace('*', () => encodeURIComponent(value(dice, loot, 0.9).toWellFormed())));
}

function mutateParameters(parts: readonly string[], dice: Dice, loot: Loot): readonly string[] {
  const written = fill(parts, dice, loot);
  for (let changes = dice.chance(0.5) ? 0 : 1 + dice.below(4); changes > 0; changes--) {
    const at = dice.below(Math.max(1, written.length));
    const one = written[at];
    if (one === undefined || dice.chance(0.4)) written.splice(at, 0, parameter(dice.pick(NAMES), dice, loot));
    else if (dice.chance(0.33)) written.splice(at, 1);
    else if (dice.chance(0.5)) written.push(one);
    else written[at] = dice.chance(0.8) ? parameter(one.split('=')[0] ?? '', dice, loot) : mangle(one, dice, 1);
  }
  if (dice.chance(0.02)) for (let i = 0; i < 80; i++) written.push(parameter(dice.pick(NAMES), dice, loot));
  return written;
}

function parameter(name: string, dice: Dice, loot: Loot): string {
  const text = value(dice, loot, 0.3);
  const encoded = dice.chance(0.85) ? encodeURIComponent(text.toWellFormed()) : text.replace(/[&#]/g, '');
  return `${dice.chance(0.97) ? name : mangle(name, dice, 1)}${dice.chance(0.98) ? '=' : ''}${encoded}`;
}

function value(dice: Dice, loot: Loot, credential: number): string {
  if (dice.chance(credential)) return mangle(loot.pick(dice), dice, 0.25);
  if (dice.chance(0.5)) return mangle(dice.pick(WORDS), dice, 0.1);
  if (dice.chance(0.8)) return dice.pick(ODD);
  return dice.pick(['a', '%', 'é', '[', ' ', '0']).repeat(1 + dice.below(dice.chance(0.1) ? 20_000 : 300));
}

function mangle(text: string, dice: Dice, share: number): string {
  if (!dice.chance(share)) return text;
  const at = dice.below(text.length + 1);
  switch (dice.below(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + dice.pick(ODD) + text.slice(at);
    case 2:
      return text + text;
    case 3:
      return text.slice(0, at) + String.fromCharCode(0x20 + dice.below(95)) + text.slice(at + 1);
    case 4:
      return dice.chance(0.5) ? text.toUpperCase() : text.toLowerCase();
    default:
      return text.slice(at) + text.slice(0, at);
  }
}

function headers(dice: Dice, loot: Loot, cookie: string, withBody: boolean): readonly string[] {
  const lines: string[] = [];
  const add = (share: number, line: () => string): void => {
    if (dice.chance(share)) lines.push(line());
  };
  add(withBody ? 0.97 : 0.1, () => `Content-Type: ${dice.chance(0.9) ? FORM : dice.pick(TYPES)}`);
  add(0.35, () => `Authorization: Basic ${Buffer.from(mangle(dice.pick(BASICS), dice, 0.1)).toString('base64')}`);
  add(0.25, () => `Authorization: ${dice.pick(['Bearer', 'bearer', 'DPoP', 'Basic', 'Negotiate', ''])} ${value(dice, loot, 0.8)}`);
  add(0.7, () => `Cookie: ${cookie}`);
  add(
    0.1,
    () => `Cookie: hufu_session=${value(dice, loot, 0.7)}; hufu_browser=${value(dice, loot, 0.3)}; hufu_known=${value(dice, loot, 0.3)}`,
  );
  add(0.6, () => 'Accept: text/html');
  add(0.1, () => `Origin: ${dice.pick(['https://app.example', 'https://evil.test', 'null', ''])}`);
  add(0.1, () => `Access-Control-Request-Method: ${dice.pick(['POST', 'GET', ''])}`);
  add(0.2, () => `Sec-Fetch-Site: ${dice.pick(['same-origin', 'cross-site', 'none', ''])}`);
  add(0.1, () => `Accept-Language: ${dice.pick(['zh', 'en;q=0', 'x'.repeat(500), ';;;', '*'])}`);
  add(0.02, () => `Content-Encoding: ${dice.pick(['gzip', 'identity', ''])}`);
  add(0.05, () => `X-Forwarded-For: ${dice.pick(['1.2.3.4', '::1', 'x', ','.repeat(300)])}`);
  add(0.05, () => `User-Agent: ${dice.pick(['x'.repeat(2_000), 'é', '\x80\xff', ''])}`);
  add(0.05, () => `If-None-Match: ${dice.pick(['*', '"x"', 'W/"x"', ''])}`);
  add(0.03, () => `DPoP: ${value(dice, loot, 0.5)}`);
  add(0.02, () => `Host: ${dice.pick(['evil.test', 'localhost', ''])}`);
  return lines;
}

/** Bytes that were hit by something. */
function flip(bytes: string, dice: Dice): string {
  let text = bytes;
  for (let i = 0; i < 1 + dice.below(6); i++) {
    const at = dice.below(text.length);
    text = text.slice(0, at) + String.fromCharCode(dice.below(256)) + text.slice(at + dice.below(3));
  }
  return text;
}
