import type { TestClock } from '../clock.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { json } from '../reply.ts';

const MAX_YEAR_MS = Date.UTC(9999, 11, 31);

/**
 * `PUT /test/clock` (mode test alone): `{"now": "ISO-8601"}` freezes, `{"advance": "PT1H"}` moves, `{"now": null}` resumes. Answers the
 * server's time.
 */
export function testClockEndpoint(clock: TestClock): (http: HttpRequest) => HttpReply {
  return (http) => {
    const problem = move(clock, http.body);
    if (problem !== undefined) return json(400, { error: 'invalid_request', error_description: problem });
    return json(200, { now: new Date(clock.nowMs()).toISOString() });
  };
}

function move(clock: TestClock, body: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'the body is not JSON';
  }
  if (typeof value !== 'object' || value === null) return 'the body is not an object';
  if ('now' in value && Object.keys(value).length === 1) {
    if (value.now === null) {
      clock.resume();
      return undefined;
    }
    const ms = typeof value.now === 'string' ? Date.parse(value.now) : Number.NaN;
    if (!(ms >= 0 && ms <= MAX_YEAR_MS)) return 'now is not a time in ISO 8601';
    clock.freeze(ms);
    return undefined;
  }
  if ('advance' in value && Object.keys(value).length === 1) {
    const ms = typeof value.advance === 'string' ? readIsoDuration(value.advance) : undefined;
    if (ms === undefined || clock.nowMs() + ms > MAX_YEAR_MS) return 'advance is not a duration in ISO 8601, such as PT1H or P30D';
    clock.advance(ms);
    return undefined;
  }
  return 'the body is one of {"now": "…"}, {"now": null}, {"advance": "…"}';
}

const DURATION = /^P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})(?:\.(\d{1,3}))?S)?)?$/;

/** ISO 8601 durations of weeks, days, hours, minutes and seconds, in milliseconds. */
function readIsoDuration(text: string): number | undefined {
  const parts = DURATION.exec(text);
  if (parts === null || text === 'P' || text.endsWith('T')) return undefined;
  const [, weeks = '0', days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '0'] = parts;
  return (
    (((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 +
    Number(seconds) * 1000 +
    Number(fraction.padEnd(3, '0'))
  );
}
