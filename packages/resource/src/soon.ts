/** What is here now, or comes later; a promise is one of this realm. */
export type Soon<T> = T | Promise<T>;

/** Goes on with what is here at once, and with what comes later when it comes: a promise costs as much as verifying a token that is known. */
export function soon<T, R>(value: Soon<T>, goOn: (value: T) => Soon<R>): Soon<R> {
  return isLater(value) ? value.then(goOn) : goOn(value);
}

/** What async functions answer with: not what `Promise` names where a library has put its own there (zone.js, bluebird). */
const Own = (async () => undefined)().constructor;

/** Both, since what such a library makes of `then` answers with its own. What is taken for a verdict before it is one lets anybody through. */
function isLater<T>(value: Soon<T>): value is Promise<T> {
  return value instanceof Promise || value instanceof Own;
}
