import { DURATION_FORMS, readDuration } from '@hufu/protocol/duration';
import { textOrNumber } from './scalar-shapes.ts';
import { Refused, type Shape } from './shape.ts';

/** A duration in whole seconds. `min` and `max` are written as durations too, for the messages, and are both included. */
export function duration(min: string, max: string): Shape<number> {
  const [least, most] = [readDuration(min), readDuration(max)];
  if (least === undefined || most === undefined) throw new TypeError(`not durations: ${min}, ${max}`);
  return textOrNumber({
    allowed: [`${min} to ${max}`, DURATION_FORMS],
    pattern: '^[0-9]+[smhd]$',
    number: { type: 'integer', minimum: least, maximum: most },
    read(value) {
      const seconds = readDuration(value);
      if (seconds === undefined) return new Refused('is not a duration');
      return seconds >= least && seconds <= most ? seconds : new Refused(seconds < least ? 'is too short' : 'is too long');
    },
  });
}
