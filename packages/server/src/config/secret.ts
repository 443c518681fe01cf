const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** A value that prints as `[secret]` wherever it is printed by accident: in a template, as JSON, in a log line, in a debugger. */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
    Object.defineProperty(this, inspect, { value: () => '[secret]' });
  }

  /** The value itself. Hand it to what needs it; never to a log, an error or a reply. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }
}
