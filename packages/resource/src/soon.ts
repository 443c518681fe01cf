/** What is here now, or comes later. */
export type Soon<T> = T | Promise<T>;

/**
 * Goes on with what is here at once, and with what comes later when it comes: a promise costs as much as verifying a token that is known. Whatever can be waited for is waited for, also a promise of
 * another realm or library, which is not yet what it will come to.
 */
export function soon<T, R>(value: Soon<T>, goOn: (value: T) => Soon<R>): Soon<R> {
  return isLater(value) ? Promise.resolve(value).then(goOn) : goOn(value);
}

function isLater<T>(value: Soon<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
