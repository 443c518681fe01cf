/** Requests over time: how many came and what became of them, and below it each of them falling to the moment at which it went on. */
import { svg } from './elements.ts';
import type { Fate } from './run.ts';
import { at, ticks } from './scale.ts';
import type { Words } from './words.ts';

export interface TimePicture {
  readonly width: number;
  readonly endMs: number;
  /** Drawn as lines down, where windows begin. */
  readonly windowMs: number | undefined;
  /** Units a millisecond. */
  readonly perMs: number;
  readonly label: string;
}

const LEFT = 34;
const RIGHT = 12;
const TOP = 10;
const BARS = 118;
const GAP = 10;
const THREADS = 46;
const AXIS = 22;
const STUB = 9;

export function drawTime(fates: readonly Fate[], picture: TimePicture, words: Words): SVGElement {
  const { width, endMs, windowMs, perMs, label } = picture;
  const inner = width - LEFT - RIGHT;
  const x = (ms: number): number => at(LEFT + (ms / endMs) * inner);
  const height = TOP + BARS + GAP + THREADS + AXIS;
  const foot = TOP + BARS + GAP + THREADS;
  const drawing = svg('svg', {
    class: 'over-time',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'aria-label': label,
    'data-left': LEFT,
    'data-px-per-ms': inner / endMs,
  });
  if (windowMs !== undefined && endMs / windowMs <= inner / 6) {
    let lines = '';
    for (let ms = 0; ms <= endMs; ms += windowMs) lines += `M${x(ms)} ${TOP}V${foot}`;
    drawing.append(svg('path', { class: 'window', d: lines }));
  }
  drawing.append(...bars(fates, endMs, inner, x, perMs), ...threads(fates, x), ...axis(endMs, inner, x, foot, words));
  return drawing;
}

function bars(fates: readonly Fate[], endMs: number, inner: number, x: (ms: number) => number, perMs: number): readonly SVGElement[] {
  const binMs = BINS.find((ms) => (ms / endMs) * inner >= 7) ?? 1000;
  const bins = Array.from({ length: Math.ceil(endMs / binMs) }, () => ({ first: 0, second: 0, refused: 0 }));
  for (const { atMs, client, goesOnMs } of fates) {
    const bin = bins[Math.floor(atMs / binMs)];
    if (bin === undefined) continue;
    if (goesOnMs === undefined) bin.refused++;
    else if (client === 0) bin.first++;
    else bin.second++;
  }
  const steps = ticks(Math.max(perMs * binMs, ...bins.map(({ first, second, refused }) => first + second + refused)), 3);
  const most = steps.at(-1) ?? 1;
  const y = (count: number): number => at(TOP + BARS - (count / most) * BARS);
  const paths = { first: '', second: '', refused: '' };
  for (const [index, bin] of bins.entries()) {
    const [from, to] = [at(x(index * binMs) + 0.5), at(x(Math.min(endMs, (index + 1) * binMs)) - 0.5)];
    let below = 0;
    for (const part of ['first', 'second', 'refused'] as const) {
      if (bin[part] === 0) continue;
      paths[part] += `M${from} ${y(below)}H${to}V${y(below + bin[part])}H${from}Z`;
      below += bin[part];
    }
  }
  const grid = steps.map((count) => `M${LEFT} ${y(count)}H${LEFT + inner}`).join('');
  return [
    svg('path', { class: 'grid', d: grid }),
    ...steps.map((count) => svg('text', { class: 'tick', x: LEFT - 6, y: y(count) + 4, 'text-anchor': 'end' }, String(count))),
    svg('path', { class: 'bar refused', d: paths.refused }),
    svg('path', { class: 'bar first', d: paths.first }),
    svg('path', { class: 'bar second', d: paths.second }),
    svg('path', { class: 'rate', d: `M${LEFT} ${y(perMs * binMs)}H${LEFT + inner}` }),
  ];
}

const BINS = [10, 20, 50, 100, 200, 250, 500, 1000];

/** From when it came to when it went on; what was refused gets no further than a little way. */
function threads(fates: readonly Fate[], x: (ms: number) => number): readonly SVGElement[] {
  const top = TOP + BARS + GAP;
  const paths = { first: '', second: '', refused: '' };
  for (const { atMs, client, goesOnMs } of fates) {
    if (goesOnMs === undefined) paths.refused += `M${x(atMs)} ${top}V${top + STUB}`;
    else paths[client === 0 ? 'first' : 'second'] += `M${x(atMs)} ${top}L${x(goesOnMs)} ${top + THREADS}`;
  }
  return (['refused', 'first', 'second'] as const).map((part) => svg('path', { class: `thread ${part}`, d: paths[part] }));
}

function axis(endMs: number, inner: number, x: (ms: number) => number, foot: number, words: Words): readonly SVGElement[] {
  const stepMs = AXIS_STEPS.find((ms) => (ms / endMs) * inner >= 56) ?? 10_000;
  const marks: SVGElement[] = [];
  for (let ms = 0; ms <= endMs; ms += stepMs) {
    const anchor = ms === 0 ? 'start' : x(ms) > LEFT + inner - 14 ? 'end' : 'middle';
    marks.push(svg('text', { class: 'tick', x: x(ms), y: foot + 16, 'text-anchor': anchor }, ms === 0 ? '0' : words.duration(ms)));
  }
  return [svg('path', { class: 'base', d: `M${LEFT} ${foot}H${LEFT + inner}` }), ...marks];
}

const AXIS_STEPS = [100, 200, 500, 1000, 2000, 5000];
