import { type Refusal, refuse } from './refusal.ts';

/** What a character of a path is. What has no entry is refused. */
const PLAIN = 1;
const SLASH = 2;
const DOT = 3;
const PERCENT = 4;
/** Not of a path (RFC 3986 §3.3), though browsers send some of them: they get one form, which is the escaped one. */
const BARE = 5;
const kinds = new Uint8Array(128);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,;=:@") kinds[char.charCodeAt(0)] = PLAIN;
for (const char of '"<>[]^`{|}') kinds[char.charCodeAt(0)] = BARE;
kinds[0x2f] = SLASH;
kinds[0x2e] = DOT;
kinds[0x25] = PERCENT;

const UNRESERVED = /^[A-Za-z0-9._~-]$/;
/** `.` and `..`, also with parameters behind them: some servers cut these off before they look at the dots. */
const DOT_SEGMENT = /^\.\.?(?:;|%3B|$)/;

const FAULTS = {
  character: refuse(400, 'path_character', 'the path has a character that no path may have'),
  escape: refuse(400, 'path_escape', 'the path has an escape that is none'),
  separator: refuse(400, 'path_separator', 'the path has a separator that is escaped'),
  dots: refuse(400, 'path_dots', 'the path has a segment of dots'),
  empty: refuse(400, 'path_empty_segment', 'the path has an empty segment'),
} as const;

/**
 * The one form of a path (RFC 3986 §6.2.2), by which routes are found and which is sent on: unreserved characters are not escaped, escapes
 * are in capitals. A path that two readers could read in two ways is refused: dot segments, empty ones but the last, an escaped slash or
 * backslash, a backslash, controls, escapes that are no UTF-8 (attacks GTW-03).
 *
 * @param path begins with a slash; without a query.
 */
export function normalisePath(path: string): string | Refusal {
  let before = 0;
  for (let i = 0; i < path.length; i++) {
    const kind = kinds[path.charCodeAt(i)] ?? 0;
    if (kind === PLAIN || (kind === DOT && before !== SLASH) || (kind === SLASH && before !== SLASH)) before = kind;
    else return normaliseSegments(path);
  }
  return path;
}

function normaliseSegments(path: string): string | Refusal {
  const segments = path.slice(1).split('/');
  let normal = '';
  for (let i = 0; i < segments.length; i++) {
    const segment = normaliseSegment(segments[i] ?? '');
    if (typeof segment !== 'string') return segment;
    if (segment === '' && i < segments.length - 1) return FAULTS.empty;
    if (DOT_SEGMENT.test(segment)) return FAULTS.dots;
    normal += `/${segment}`;
  }
  return normal;
}

function normaliseSegment(segment: string): string | Refusal {
  let normal = '';
  let isUtf8InDoubt = false;
  for (let i = 0; i < segment.length; i++) {
    const char = segment.charAt(i);
    const kind = kinds[char.charCodeAt(0)] ?? 0;
    if (kind === PLAIN || kind === DOT) normal += char;
    else if (kind === BARE) normal += escapeOf(char.charCodeAt(0));
    else if (kind === PERCENT) {
      const hex = segment.slice(i + 1, i + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(hex)) return FAULTS.escape;
      const code = Number.parseInt(hex, 16);
      if (code === 0x2f || code === 0x5c) return FAULTS.separator;
      if (code < 0x20 || code === 0x7f) return FAULTS.character;
      if (code > 0x7f) isUtf8InDoubt = true;
      const decoded = String.fromCharCode(code);
      normal += UNRESERVED.test(decoded) ? decoded : escapeOf(code);
      i += 2;
    } else return FAULTS.character;
  }
  return isUtf8InDoubt && !isUtf8(normal) ? FAULTS.escape : normal;
}

function escapeOf(code: number): string {
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Overlong forms are a second spelling of a slash or a dot. */
function isUtf8(segment: string): boolean {
  try {
    decodeURIComponent(segment);
    return true;
  } catch {
    return false;
  }
}

/**
 * How a careless server might read a normalised path: without case, without what follows a `;` in a segment, without empty segments and the
 * last slash. Where this finds another route than the path itself, the request is for neither.
 */
export function foldPath(path: string): string {
  const lower = path.toLowerCase();
  if (!lower.includes(';') && !lower.includes('%3b')) return lower.length > 1 && lower.endsWith('/') ? lower.slice(0, -1) : lower;
  const kept = lower
    .split('/')
    .map((segment) => segment.replace(/(?:;|%3b).*$/, ''))
    .filter((segment) => segment !== '');
  return `/${kept.join('/')}`;
}

/** The path behind a prefix of whole segments; never less than `/`. The prefix is one that the path has. */
export function stripPrefix(path: string, prefix: string): string {
  const end = prefix.endsWith('/') ? prefix.length - 1 : prefix.length;
  return path.length > end ? path.slice(end) : '/';
}
