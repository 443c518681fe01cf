import { sameJson } from '@hufu/store/encoding';
import { padDisplay, visible } from './display-width.ts';

/** One member that differs; undefined where it is not there. */
export interface Difference {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

type Members = Readonly<Record<string, unknown>>;

const MAX_SHOWN = 200;
/** Whatever somebody writes there, it is not for a screen. */
const HIDDEN = /secret|password|private|"d":/i;

/** Members that differ, in the order of their names; objects in objects member by member (`hufu.profile`). */
export function differences(before: Members, after: Members, under: string = ''): readonly Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    const path = `${under}${name}`;
    if (was === undefined ? is === undefined : is !== undefined && sameJson(was, is)) return [];
    if (isMembers(was) && isMembers(is)) return differences(was, is, `${path}.`);
    return [{ path, before: was, after: is }];
  });
}

/** Differences as people read them, a line each. */
export function showDifferences(all: readonly Difference[]): readonly string[] {
  const width = Math.max(0, ...all.map(({ path }) => path.length));
  return all.map(({ path, before, after }) => `${padDisplay(visible(path), width)}  ${change(path, before, after)}`);
}

/** Marks of a plan, in colour where somebody sees it. */
export interface Paint {
  (kind: 'add' | 'change' | 'remove' | 'warn', text: string): string;
}

const COLOURS = { add: 32, change: 33, remove: 31, warn: 31 } as const;

/** In colours on a terminal, unless `NO_COLOR` says otherwise (no-color.org). */
export function painter(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): Paint {
  const colours = isTerminal && (env['NO_COLOR'] ?? '') === '';
  return (kind, text) => (colours ? `\u001b[${COLOURS[kind]}m${text}\u001b[0m` : text);
}

function change(path: string, before: unknown, after: unknown): string {
  if (HIDDEN.test(path)) return 'changes (not shown)';
  if (isTexts(before) && isTexts(after)) {
    const gone = before.filter((one) => !after.includes(one)).map((one) => `- ${show(one)}`);
    const come = after.filter((one) => !before.includes(one)).map((one) => `+ ${show(one)}`);
    return gone.length + come.length === 0 ? 'in another order' : [...gone, ...come].join('  ');
  }
  if (before === undefined) return `+ ${show(after)}`;
  if (after === undefined) return `- ${show(before)}`;
  return `${show(before)} → ${show(after)}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  if (HIDDEN.test(text) && typeof value === 'object') return '(not shown)';
  const shown = visible(text);
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
