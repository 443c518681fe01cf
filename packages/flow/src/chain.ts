/** A place in a chain. */
export interface Link<T> {
  readonly value: T;
  before: Link<T> | undefined;
  after: Link<T> | undefined;
}

/**
 * Things in the order in which they were added; any of them leaves at once, and the first is always known. A `Set` is no such thing: whoever
 * looks for its first walks over those that left.
 */
export class Chain<T> {
  first: Link<T> | undefined;
  #last: Link<T> | undefined;
  size = 0;

  add(value: T): Link<T> {
    const link: Link<T> = { value, before: this.#last, after: undefined };
    if (this.#last === undefined) this.first = link;
    else this.#last.after = link;
    this.#last = link;
    this.size++;
    return link;
  }

  /** Of a link that is in it. */
  remove({ before, after }: Link<T>): void {
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    this.size--;
  }
}
