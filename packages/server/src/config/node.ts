import type { Path } from './path.ts';
import type { Place } from './problem.ts';

/** What a configuration value is written as, with the place of each part. A value that is used by alias is one object in several places. */
export type ConfigNode = MapNode | ListNode | ScalarNode | BrokenNode;

export interface MapNode {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: readonly MapEntry[];
}

export interface MapEntry {
  readonly key: string;
  readonly place: Place;
  readonly value: ConfigNode;
}

export interface ListNode {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly ConfigNode[];
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: string | number | boolean | null;
  /**
   * `environment`: all of it or a part came from a variable. It is text then, and stands for a number or a boolean where one is due.
   */
  readonly origin: 'file' | 'environment';
  /** Its variables' names say that it is no business of an error message. */
  readonly secret: boolean;
}

/** What could not be read and has been reported: nobody complains about it again. */
export interface BrokenNode {
  readonly kind: 'broken';
  readonly place: Place;
}

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The value of a key, where the node is a mapping that has it. */
export function findValue(node: ConfigNode | undefined, key: string): ConfigNode | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key)?.value : undefined;
}

/** The items of a list; none where the node is something else. */
export function listItems(node: ConfigNode | undefined): readonly ConfigNode[] {
  return node?.kind === 'list' ? node.items : [];
}

/** The text of a scalar that is text. */
export function findText(node: ConfigNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** The node at a path, or the deepest one above it that exists. `exact` tells which. */
export function locate(root: ConfigNode, path: Path): { readonly node: ConfigNode; readonly exact: boolean } {
  let node = root;
  for (const part of path) {
    const next = typeof part === 'number' ? listItems(node)[part] : findValue(node, part);
    if (next === undefined) return { node, exact: false };
    node = next;
  }
  return { node, exact: true };
}

/** The value as plain JSON; what is broken is null. Keys such as `__proto__` become own properties like any other. */
export function toJson(node: ConfigNode): Json {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'broken') return null;
  if (node.kind === 'list') return node.items.map(toJson);
  return Object.fromEntries(node.entries.map((entry) => [entry.key, toJson(entry.value)]));
}

/** A node for a value that nobody wrote: a default. */
export function fromJson(value: Json, place: Place): ConfigNode {
  if (isList(value)) return { kind: 'list', place, items: value.map((item) => fromJson(item, place)) };
  if (typeof value === 'object' && value !== null) {
    return { kind: 'map', place, entries: Object.entries(value).map(([key, item]) => ({ key, place, value: fromJson(item, place) })) };
  }
  return { kind: 'scalar', place, value, origin: 'file', secret: false };
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
