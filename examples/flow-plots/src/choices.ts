/** What is chosen: kept in the address, so that a picture can be sent to somebody. */
import { KINDS, type Kind, type Parameters } from './rules.ts';
import { SHAPES, type Shape } from './traffic.ts';

export interface Choices extends Parameters {
  readonly shape: Shape;
  readonly rate: number;
  readonly seconds: number;
  readonly seed: number;
  /** Each of two clients has a key of its own. */
  readonly isApart: boolean;
  readonly kinds: readonly Kind[];
}

/** A whole number that can be chosen. */
interface Range {
  readonly least: number;
  readonly most: number;
  readonly usual: number;
}

export const RANGES = {
  limit: { least: 1, most: 1_000, usual: 10 },
  periodMs: { least: 10, most: 20_000, usual: 1_000 },
  burst: { least: 1, most: 1_000, usual: 5 },
  maxQueueMs: { least: 1, most: 20_000, usual: 1_000 },
  warmUpMs: { least: 100, most: 20_000, usual: 4_000 },
  rate: { least: 1, most: 200, usual: 16 },
  seconds: { least: 1, most: 20, usual: 6 },
  seed: { least: 0, most: 999_999, usual: 7 },
} as const satisfies Record<string, Range>;
export type NumberName = keyof typeof RANGES;

const USUAL_KINDS: readonly Kind[] = ['fixed_window', 'sliding_counter', 'gcra', 'leaky_bucket', 'warm_up'];

export function readChoices(given: URLSearchParams): Choices {
  const number = (name: NumberName): number => within(RANGES[name], given.get(name));
  const named = given.get('kinds')?.split('.');
  return {
    limit: number('limit'),
    periodMs: number('periodMs'),
    burst: number('burst'),
    maxQueueMs: number('maxQueueMs'),
    warmUpMs: number('warmUpMs'),
    rate: number('rate'),
    seconds: number('seconds'),
    seed: number('seed'),
    shape: SHAPES.find((shape) => shape === given.get('shape')) ?? 'bursts',
    isApart: given.get('keys') !== 'one',
    kinds: named === undefined ? USUAL_KINDS : KINDS.filter((kind) => named.includes(kind)),
  };
}

export function writeChoices({ kinds, isApart, ...choices }: Choices): URLSearchParams {
  const pairs = Object.entries(choices).map(([name, value]): [string, string] => [name, String(value)]);
  return new URLSearchParams([...pairs, ['keys', isApart ? 'apart' : 'one'], ['kinds', kinds.join('.')]]);
}

/** The number that is meant, or the nearest there is. */
function within({ least, most, usual }: Range, text: string | null): number {
  const value = text === null || text.trim() === '' ? Number.NaN : Math.round(Number(text));
  return Number.isNaN(value) ? usual : Math.min(most, Math.max(least, value));
}
