import type { HttpRequest } from '../http.ts';
import { type Agent, agentOf } from './device-of.ts';

/** What a browser is known again by, where a session is held to that (`binding: fingerprint`). No secret, and no proof: a hurdle. */
interface Features extends Agent {
  readonly language: string;
  /** Whether it sends Client Hints. */
  readonly hints: boolean;
}

/** As a session keeps it. */
export function fingerprintOf(request: Pick<HttpRequest, 'headers'>): string {
  return JSON.stringify(featuresOf(request));
}

/** Whether a request may come from the browser that left `fingerprint`: enough of it is the same. A newer version counts nothing against it, an older one some. */
export function matchesFingerprint(fingerprint: string, request: Pick<HttpRequest, 'headers'>): boolean {
  const then = readFeatures(fingerprint);
  if (then === undefined) return true;
  const now = featuresOf(request);
  const wentBack = then.family === now.family && Number(now.version) < Number(then.version);
  const against =
    (then.family === now.family ? 0 : WEIGHTS.family) +
    (then.system === now.system ? 0 : WEIGHTS.system) +
    (then.type === now.type ? 0 : WEIGHTS.type) +
    (then.language === now.language ? 0 : WEIGHTS.language) +
    (then.hints === now.hints ? 0 : WEIGHTS.hints) +
    (wentBack ? WEIGHTS.version : 0);
  return against <= TOLERANCE;
}

/** Another language or another view of the same browser passes, and both; another browser or another system does not. */
const WEIGHTS = { family: 40, system: 30, type: 10, language: 10, hints: 5, version: 20 } as const;
const TOLERANCE = 25;

function featuresOf(request: Pick<HttpRequest, 'headers'>): Features {
  const languages = request.headers['accept-language'];
  const language = typeof languages === 'string' ? (/^[A-Za-z]{2,8}/.exec(languages)?.[0].toLowerCase() ?? '') : '';
  return { ...agentOf(request), language, hints: request.headers['sec-ch-ua'] !== undefined };
}

/** Undefined for what we did not write. */
function readFeatures(text: string): Features | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFeatures(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFeatures(value: unknown): value is Features {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['family', 'version', 'system', 'type', 'language', 'hints'].every((name) => name in value)
  );
}
