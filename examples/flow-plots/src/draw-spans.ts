/** The bound: the most that any span of a length saw, and the most that it may see. */
import { svg } from './elements.ts';
import { at, ticks } from './scale.ts';
import type { Words } from './words.ts';

export interface SpanPicture {
  readonly width: number;
  readonly periodMs: number;
  /** The longest span that is drawn. */
  readonly longestMs: number;
  worst(spanMs: number): number;
  readonly bound: ((spanMs: number) => number) | undefined;
  readonly label: string;
}

const LEFT = 34;
const RIGHT = 12;
const TOP = 10;
const HEIGHT = 174;
const AXIS = 22;

export function drawSpans({ width, periodMs, longestMs, worst, bound, label }: SpanPicture, words: Words): SVGElement {
  const inner = width - LEFT - RIGHT;
  const spans = Array.from({ length: inner + 1 }, (_, px) => Math.max(1, Math.round((px / inner) * longestMs)));
  const seen = spans.map(worst);
  const may = bound === undefined ? [] : spans.map(bound);
  const steps = ticks(Math.max(1, ...seen, ...may), 4);
  const most = steps.at(-1) ?? 1;
  const x = (ms: number): number => at(LEFT + (ms / longestMs) * inner);
  const y = (count: number): number => at(TOP + HEIGHT - (count / most) * HEIGHT);
  const foot = TOP + HEIGHT;
  const line = (counts: readonly number[]): string => {
    let path = '';
    for (const [px, count] of counts.entries()) {
      if (px === 0) path += `M${LEFT} ${y(count)}`;
      else if (count !== counts[px - 1]) path += `H${LEFT + px}V${y(count)}`;
    }
    return `${path}H${LEFT + inner}`;
  };
  const middle = x(Math.min(periodMs, longestMs));
  const labels: readonly (readonly [ms: number, anchor: string])[] =
    periodMs < longestMs * 0.8 && periodMs > longestMs * 0.15
      ? [
          [periodMs, 'middle'],
          [longestMs, 'end'],
        ]
      : [[longestMs, 'end']];
  return svg(
    'svg',
    { class: 'spans', viewBox: `0 0 ${width} ${foot + AXIS}`, width, height: foot + AXIS, role: 'img', 'aria-label': label },
    svg('path', { class: 'grid', d: steps.map((count) => `M${LEFT} ${y(count)}H${LEFT + inner}`).join('') }),
    svg('path', { class: 'window', d: `M${middle} ${TOP}V${foot}` }),
    ...steps.map((count) => svg('text', { class: 'tick', x: LEFT - 6, y: y(count) + 4, 'text-anchor': 'end' }, String(count))),
    svg('path', { class: 'seen-area', d: `${line(seen)}V${foot}H${LEFT}Z` }),
    svg('path', { class: 'seen', d: line(seen) }),
    ...(may.length > 0 ? [svg('path', { class: 'bound', d: line(may) })] : []),
    svg('path', { class: 'base', d: `M${LEFT} ${foot}H${LEFT + inner}` }),
    svg('text', { class: 'tick', x: LEFT, y: foot + 16 }, '0'),
    ...labels.map(([ms, anchor]) => svg('text', { class: 'tick', x: x(ms), y: foot + 16, 'text-anchor': anchor }, words.duration(ms))),
  );
}
