import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { ConfigNode, MapEntry } from './node.ts';
import { formatPath, type Path, showKey } from './path.ts';
import type { Place, Problems } from './problem.ts';
import { describeSyntaxError } from './syntax-errors.ts';

/** The largest `hufu.yaml`, in UTF-8 bytes. */
export const MAX_DOCUMENT_BYTES: number = 1024 * 1024;
const MAX_ALIASES = 100;
const MAX_VALUES = 200_000;
const MAX_DEPTH = 64;

/**
 * Reads a YAML 1.2 document (core schema; so JSON too) into nodes that know their places. What YAML allows and a configuration must not
 * hold is a problem: duplicate keys, keys that are not text, tags of no known meaning, a second document, aliases that explode.
 * @returns undefined where the text is not YAML at all; an empty document is an empty mapping.
 */
export function readDocument(text: string, file: string, problems: Problems): ConfigNode | undefined {
  const top: Place = { file, line: 1, column: 1 };
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) {
    problems.add({
      ...top,
      path: '',
      message: 'the document is larger than 1 MiB',
      found: `${Buffer.byteLength(text)} bytes`,
      allowed: [],
      suggestion: undefined,
    });
    return undefined;
  }
  const lines = new LineCounter();
  // Without its byte order mark, so that the columns of the first line are those of an editor.
  const document: Document = parseDocument(text.startsWith('\ufeff') ? text.slice(1) : text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false, // quadratic there; found below
    prettyErrors: false, // would quote the text, secrets and all
    lineCounter: lines,
  });
  const placeAt = (offset: number | undefined): Place => {
    if (offset === undefined) return top;
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const errors = [...document.errors, ...document.warnings];
  // Who nests too deeply has nothing closed either; that goes without saying.
  const exhausted = errors.find((error) => error.code === 'RESOURCE_EXHAUSTION');
  const syntaxErrors = exhausted === undefined ? errors : [exhausted];
  for (const error of syntaxErrors) {
    problems.add({
      ...placeAt(error.pos[0]),
      path: '',
      message: describeSyntaxError(error.code),
      found: '',
      allowed: [],
      suggestion: undefined,
    });
  }
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    problems.add({
      ...top,
      path: '',
      message: 'this is YAML 1.2',
      found: `%YAML ${document.directives.yaml.version}`,
      allowed: ['%YAML 1.2'],
      suggestion: undefined,
    });
    return undefined;
  }
  if (syntaxErrors.length > 0) return undefined;
  if (document.contents === null) return { kind: 'map', place: top, entries: [] };
  const tree = new TreeBuilder(placeAt, problems);
  const root = tree.build(document.contents, []);
  if (tree.valuesOf(root) > MAX_VALUES) {
    problems.add({
      ...top,
      path: '',
      message: `the document has more than ${MAX_VALUES} values, aliases expanded`,
      found: '',
      allowed: [],
      suggestion: undefined,
    });
    return undefined;
  }
  return root;
}

class TreeBuilder {
  readonly #placeAt: (offset: number | undefined) => Place;
  readonly #problems: Problems;
  readonly #anchors = new Map<string, ConfigNode>();
  /** How many values a node stands for once its aliases are expanded. */
  readonly #values = new Map<ConfigNode, number>();
  #aliases = 0;

  constructor(placeAt: (offset: number | undefined) => Place, problems: Problems) {
    this.#placeAt = placeAt;
    this.#problems = problems;
  }

  valuesOf(node: ConfigNode): number {
    return this.#values.get(node) ?? 1;
  }

  build(source: Node | null | undefined, path: Path): ConfigNode {
    const place = this.#placeAt(source?.range?.[0]);
    if (isAlias(source)) return this.#resolve(source.source, place, path);
    const node = this.#buildOwn(source, place, path);
    // Only now: inside itself an anchor has no meaning, so nothing can contain itself.
    if (source && !isAlias(source) && source.anchor !== undefined) this.#anchors.set(source.anchor, node);
    return node;
  }

  #buildOwn(source: Node | null | undefined, place: Place, path: Path): ConfigNode {
    if (path.length > MAX_DEPTH) {
      this.#report(place, path, `nested more than ${MAX_DEPTH} deep`, '');
      return { kind: 'broken', place };
    }
    if (isMap(source)) return this.#count({ kind: 'map', place, entries: this.#buildEntries(source, path) });
    if (isSeq(source)) {
      const items = source.items.map((item, index) => this.build(item as Node | null, [...path, index]));
      return this.#count({ kind: 'list', place, items });
    }
    const value = isScalar(source) ? source.value : null;
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      return { kind: 'scalar', place, value, origin: 'file', secret: false };
    }
    this.#report(place, path, 'a value of this kind has no place here', '');
    return { kind: 'broken', place };
  }

  #buildEntries(map: YAMLMap, path: Path): MapEntry[] {
    const seen = new Map<string, MapEntry>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const place = this.#placeAt(pair.key?.range?.[0]);
      const key = this.#readKey(pair.key, place, path);
      if (key === undefined) continue;
      // An empty value has no place of its own where it is left out altogether.
      const value: ConfigNode =
        pair.value === null
          ? { kind: 'scalar', place, value: null, origin: 'file', secret: false }
          : this.build(pair.value, [...path, key]);
      const first = seen.get(key);
      if (first === undefined) seen.set(key, { key, place, value });
      else this.#report(place, [...path, key], `is here twice (first in line ${first.place.line})`, showKey(key));
    }
    return [...seen.values()];
  }

  #readKey(key: Node | null, place: Place, path: Path): string | undefined {
    if (isScalar(key) && typeof (key as Scalar).value === 'string') return String(key.value);
    // `1:` is the key "1" to everybody but YAML
    if (isScalar(key) && typeof key.value === 'number') return key.source ?? String(key.value);
    this.#report(place, path, 'a key must be text', '');
    return undefined;
  }

  #resolve(name: string, place: Place, path: Path): ConfigNode {
    this.#aliases++;
    const target = this.#anchors.get(name);
    if (target !== undefined && this.#aliases <= MAX_ALIASES) return target;
    if (target === undefined) this.#report(place, path, 'no anchor of this name stands before it', showKey(name));
    else if (this.#aliases === MAX_ALIASES + 1) this.#report(place, path, `more than ${MAX_ALIASES} aliases`, '');
    return { kind: 'broken', place };
  }

  #count(node: ConfigNode): ConfigNode {
    const children = node.kind === 'map' ? node.entries.map((entry) => entry.value) : node.kind === 'list' ? node.items : [];
    this.#values.set(
      node,
      children.reduce((sum, child) => sum + this.valuesOf(child), 1),
    );
    return node;
  }

  #report(place: Place, path: Path, message: string, found: string): void {
    this.#problems.add({ ...place, path: formatPath(path), message, found, allowed: [], suggestion: undefined });
  }
}
