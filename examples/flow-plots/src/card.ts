/** One algorithm: what it is, what it did with the requests, and its bound. */
import { checkAlgorithm } from '@hufu/flow/algorithms';
import type { AlgorithmRule } from '@hufu/flow/rule';
import type { Choices } from './choices.ts';
import { drawSpans } from './draw-spans.ts';
import { drawTime } from './draw-time.ts';
import { element } from './elements.ts';
import { type Kind, mostIn, ruleOf } from './rules.ts';
import { type Fate, type Numbers, numbersOf, run } from './run.ts';
import type { Request } from './traffic.ts';
import type { Words } from './words.ts';

/** Pixels that there are for the two pictures. */
export interface Room {
  readonly time: number;
  readonly spans: number;
}

/** What an algorithm did with the requests; nothing where the library refuses the rule. */
export interface Decided {
  readonly kind: Kind;
  readonly rule: AlgorithmRule;
  readonly flaw: string | undefined;
  readonly fates: readonly Fate[];
}

export function decideAll(kind: Kind, requests: readonly Request[], choices: Choices): Decided {
  const rule = ruleOf(kind, choices);
  const flaw = checkAlgorithm(rule);
  return { kind, rule, flaw, fates: flaw === undefined ? run(rule, requests, hasTwoKeys(choices)) : [] };
}

function hasTwoKeys({ shape, isApart }: Choices): boolean {
  return shape === 'two_clients' && isApart;
}

export function cardOf({ kind, rule, flaw, fates }: Decided, endMs: number, choices: Choices, room: Room, words: Words): HTMLElement {
  const [name, says] = words.kinds[kind];
  const head = element('header', {}, element('h3', {}, name), element('p', {}, says), element('code', { lang: 'en' }, codeOf(rule)));
  const card = element('article', { class: 'card', 'data-kind': kind }, head);
  if (flaw !== undefined) {
    card.append(element('p', { class: 'flaw' }, `${words.flaw} `, element('span', { lang: 'en' }, flaw)));
    return card;
  }
  const { periodMs, limit, seconds } = choices;
  const numbers = numbersOf(fates, hasTwoKeys(choices));
  const bound = mostIn(rule, periodMs);
  const windowMs = kind === 'fixed_window' || kind === 'sliding_counter' ? periodMs : undefined;
  const told = words.told(name, numbers.requests, numbers.allowed, numbers.refused);
  const overTime = drawTime(fates, { width: room.time, endMs, windowMs, perMs: limit / periodMs, label: told }, words);
  const spans = drawSpans(
    {
      width: room.spans,
      periodMs,
      longestMs: Math.min(3 * periodMs, seconds * 1000),
      worst: numbers.worst,
      bound,
      label: `${name}: ${words.spans}; ${worstText(numbers, bound, periodMs, words)}`,
    },
    words,
  );
  card.append(
    numberList(numbers, bound, periodMs, words),
    element(
      'div',
      { class: 'pictures' },
      element('figure', {}, overTime),
      element(
        'figure',
        {},
        element(
          'figcaption',
          {},
          `${words.spans}: `,
          key('seen', words.seen),
          ...(bound === undefined ? [] : [key('bound', words.atMost)]),
        ),
        spans,
      ),
    ),
  );
  return card;
}

/** A sample of a line or an area, and its name. */
export function key(kind: string, name: string): HTMLElement {
  return element('span', { class: `key key-${kind}` }, name);
}

function numberList(numbers: Numbers, bound: ((ms: number) => number) | undefined, periodMs: number, words: Words): HTMLElement {
  const pairs = [
    ['requests', words.numbers.requests, String(numbers.requests)],
    ['allowed', words.numbers.allowed, String(numbers.allowed)],
    ['refused', words.numbers.refused, String(numbers.refused)],
    ['worst', words.worst(words.duration(periodMs)), worstText(numbers, bound, periodMs, words)],
    ['wait', words.numbers.wait, numbers.longestWaitMs === 0 ? '–' : words.duration(numbers.longestWaitMs)],
  ] as const;
  const list = element('dl', { class: 'numbers' });
  for (const [id, name, value] of pairs) {
    list.append(element('div', { 'data-number': id }, element('dt', {}, name), element('dd', {}, value)));
  }
  return list;
}

function worstText({ worst }: Numbers, bound: ((ms: number) => number) | undefined, periodMs: number, words: Words): string {
  return bound === undefined ? `${worst(periodMs)} (${words.noBound})` : words.of(worst(periodMs), bound(periodMs));
}

function codeOf(rule: AlgorithmRule): string {
  const said = Object.entries(rule).map(([name, value]) => `${name}: ${typeof value === 'string' ? `'${value}'` : value}`);
  return `{ ${said.join(', ')} }`;
}
