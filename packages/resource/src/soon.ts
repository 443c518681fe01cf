/** What is here now, or comes later; a promise is one of this realm. */
export type Soon<T> = T | Promise<T>;

/** Goes on with what is here at once, and with what comes later when it comes: a promise costs as much as verifying a token that is known. */
export function soon<T, R>(value: Soon<T>, goOn: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
