import type { Mode } from './config.ts';
import type { ConfigNode, Json } from './node.ts';
import { formatPath, type Path, quote } from './path.ts';
import type { Place, Problems } from './problem.ts';

/**
 * What a value of the configuration may be. One object from which both the reader and the JSON Schema derive, so that an editor
 * and the server never disagree.
 */
export interface Shape<T> {
  /** JSON Schema 2020-12 of what may be written. */
  readonly schema: JsonSchema;
  /** Reads a value, or reports everything that is wrong with it. */
  read(node: ConfigNode, spot: Spot): T | Failed;
}

export type JsonSchema = { readonly [key: string]: Json };

/** What a reader answers after it has reported a problem. */
export const FAILED: unique symbol = Symbol('failed');
export type Failed = typeof FAILED;

/** Why a text is not what is due. `allowed` overrules what the shape would say. */
export class Refused {
  readonly message: string;
  readonly allowed: readonly string[] | undefined;

  constructor(message: string, allowed?: readonly string[]) {
    this.message = message;
    this.allowed = allowed;
  }
}

/** What one reading shares: what holds for all values, and where problems go. */
export interface Reading {
  /** Undefined where `mode` itself cannot be read: what depends on it is not checked then. */
  readonly mode: Mode | undefined;
  /** `signing.algorithms`, at least one. */
  readonly algorithms: readonly string[];
  /** Every resource that there is: those of `resources`, and the issuer for the server's own endpoints. */
  readonly identifiers: readonly string[];
  /** Whether there is `mail`. */
  readonly hasMail: boolean;
  readonly problems: Problems;
  readonly warnings: Problems;
  /** Why a file that the configuration names cannot be used; undefined where it can. */
  readonly checkFile: (path: string) => string | undefined;
}

/** Where the reader stands. */
export class Spot {
  readonly reading: Reading;
  readonly path: Path;
  /** Values here are never shown. */
  readonly secret: boolean;

  constructor(reading: Reading, path: Path, visibility: 'shown' | 'secret') {
    this.reading = reading;
    this.path = path;
    this.secret = visibility === 'secret';
  }

  at(part: string | number): Spot {
    return new Spot(this.reading, [...this.path, part], this.secret ? 'secret' : 'shown');
  }

  asSecret(): Spot {
    return new Spot(this.reading, this.path, 'secret');
  }

  /** Reports that the value is wrong. What is broken has been reported before. */
  refuse(node: ConfigNode, message: string, allowed: readonly string[] = [], suggestion?: string): Failed {
    if (node.kind !== 'broken') this.report(node.place, message, this.describe(node), allowed, suggestion);
    return FAILED;
  }

  report(place: Place, message: string, found: string, allowed: readonly string[] = [], suggestion?: string): Failed {
    this.reading.problems.add({ ...position(place), path: formatPath(this.path), message, found, allowed, suggestion });
    return FAILED;
  }

  warn(node: ConfigNode, message: string): void {
    this.reading.warnings.add({
      ...position(node.place),
      path: formatPath(this.path),
      message,
      found: this.describe(node),
      allowed: [],
      suggestion: undefined,
    });
  }

  describe(node: ConfigNode): string {
    return describeNode(node, this.secret);
  }
}

function position({ file, line, column }: Place): Place {
  return { file, line, column };
}

/** A value as an error may show it. */
export function describeNode(node: ConfigNode, secret: boolean): string {
  if (node.kind === 'map') return 'a mapping';
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'broken' || node.value === null) return 'nothing';
  if (secret || node.secret) return '[secret]';
  return typeof node.value === 'string' ? quote(hideSecrets(node.value), 80) : String(node.value);
}

/** A password may stand where none is due: in a URL, or on a line whose colon lacks its space. */
function hideSecrets(text: string): string {
  if (/(?:password|passwd|secret)\w*["']?\s*[:=]/i.test(text)) return '[secret]';
  return text.replace(/:\/\/\S*@/, '://[secret]@');
}
