import { DURATION_FORMS, readDuration } from './duration.ts';

/** Where a value stands in a document: keys and indices from its root. */
export type FieldPath = readonly (string | number)[];

/** One thing that is wrong, and where. */
export interface Fault {
  readonly path: FieldPath;
  /** The end of a sentence that the path begins: "is not a list of texts". */
  readonly message: string;
}

/** `redirect_uris[0]`, `hufu.refresh_token.idle`; '' for the root. */
export function formatPath(path: FieldPath): string {
  return path.reduce<string>((text, step) => text + (typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`), '');
}

/** Checks a text: the end of a sentence that says what is wrong with it, or undefined. */
export type TextCheck = (text: string) => string | undefined;

export interface TextRules {
  /** UTF-16 code units. */
  readonly max: number;
  readonly check?: TextCheck;
}

/** How strictly a document is read. */
export interface FieldRules {
  /** What a member that is null means: RFC 7592 §2.2 takes it as absent, a configuration file has made a mistake. */
  readonly nulls: 'absent' | 'wrong';
  /** Members that nobody asked for. */
  readonly unknown: 'ignored' | 'refused';
}

/**
 * Reads the members of one object of unknown shape, by name. A member that is wrong is noted with its path and read as absent, so
 * that one pass finds every fault. Which members are known needs no list: they are those that were asked for.
 */
export class FieldReader {
  readonly path: FieldPath;
  readonly faults: Fault[];
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #asked = new Set<string>();
  readonly #rules: FieldRules;

  constructor(value: unknown, path: FieldPath, faults: Fault[], rules: FieldRules) {
    this.path = path;
    this.faults = faults;
    this.#rules = rules;
    this.#members = isObject(value) ? value : {};
    if (!isObject(value)) this.fault([], 'is not an object');
  }

  /** Notes a fault; the path continues this object's. At most 100 are kept. */
  fault(path: FieldPath, message: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push({ path: [...this.path, ...path], message });
  }

  /** The raw member; undefined when absent. Only own members are looked at. */
  take(name: string): unknown {
    this.#asked.add(name);
    if (!Object.hasOwn(this.#members, name)) return undefined;
    const value = this.#members[name];
    return value === null && this.#rules.nulls === 'absent' ? undefined : value;
  }

  text(name: string, rules: TextRules): string | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : this.#readText(value, [name], rules);
  }

  /** A text that is one of a list. */
  choice<Value extends string>(name: string, allowed: readonly Value[]): Value | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : this.#readChoice(value, [name], allowed);
  }

  /** A list of texts, duplicates folded into the first. */
  texts(name: string, maxItems: number, rules: TextRules): readonly string[] | undefined {
    return this.#list(name, maxItems, (item, path) => this.#readText(item, path, rules));
  }

  choices<Value extends string>(name: string, allowed: readonly Value[]): readonly Value[] | undefined {
    return this.#list(name, MAX_CHOICES, (item, path) => this.#readChoice(item, path, allowed));
  }

  flag(name: string): boolean | undefined {
    const value = this.take(name);
    if (value === undefined || typeof value === 'boolean') return value;
    this.fault([name], 'is neither true nor false');
    return undefined;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const value = this.take(name);
    if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max)) return value;
    this.fault([name], `is not a whole number from ${min} to ${max}`);
    return undefined;
  }

  /** In seconds. */
  duration(name: string, minSeconds: number, maxSeconds: number): number | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    const seconds = readDuration(value);
    if (seconds !== undefined && seconds >= minSeconds && seconds <= maxSeconds) return seconds;
    const limits = seconds === undefined ? `a duration (${DURATION_FORMS})` : `from ${minSeconds} to ${maxSeconds} seconds`;
    this.fault([name], `is not ${limits}`);
    return undefined;
  }

  /** The members of a member, which is an object. */
  object(name: string): FieldReader | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : new FieldReader(value, [...this.path, name], this.faults, this.#rules);
  }

  /** The objects of a list. */
  objects(name: string, maxItems: number): readonly FieldReader[] | undefined {
    return this.#list(name, maxItems, (item, path) => new FieldReader(item, [...this.path, ...path], this.faults, this.#rules));
  }

  /** The names of the members that nobody has asked for yet. */
  unasked(): readonly string[] {
    return Object.keys(this.#members).filter((name) => !this.#asked.has(name));
  }

  /** When all have been asked for: notes the others, where the rules refuse them. */
  finish(): void {
    if (this.#rules.unknown === 'ignored') return;
    for (const name of this.unasked()) this.fault([name], 'is not known');
  }

  #list<Value>(name: string, maxItems: number, read: (item: unknown, path: FieldPath) => Value | undefined): readonly Value[] | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length > maxItems) {
      this.fault([name], Array.isArray(value) ? `has more than ${maxItems} entries` : 'is not a list');
      return undefined;
    }
    const items = new Set<Value>();
    for (const [at, item] of value.entries()) {
      const one = read(item, [name, at]);
      if (one !== undefined) items.add(one);
    }
    return [...items];
  }

  #readText(value: unknown, path: FieldPath, rules: TextRules): string | undefined {
    const wrong =
      typeof value !== 'string'
        ? 'is not a text'
        : value.length > rules.max
          ? `is longer than ${rules.max} characters`
          : value.isWellFormed()
            ? rules.check?.(value)
            : 'is not well-formed Unicode';
    if (typeof value === 'string' && wrong === undefined) return value;
    if (wrong !== undefined) this.fault(path, wrong);
    return undefined;
  }

  #readChoice<Value extends string>(value: unknown, path: FieldPath, allowed: readonly Value[]): Value | undefined {
    const found = allowed.find((one) => one === value);
    if (found === undefined)
      this.fault(path, `is not ${allowed.length === 0 ? 'known: there is none yet' : `one of ${allowed.join(', ')}`}`);
    return found;
  }
}

const MAX_FAULTS = 100;
const MAX_CHOICES = 50;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
