// @ts-check
/** What the app remembers, in this tab alone: `sessionStorage` ends with it. */

/**
 * @typedef {object} Tokens
 * @property {string} accessToken
 * @property {string} idToken
 * @property {string | undefined} refreshToken
 */

/**
 * @typedef {object} Pending a sign-in that has begun
 * @property {string} state
 * @property {string} nonce
 * @property {string} verifier
 * @property {string} locale language of the page that began it
 */

const TOKENS = 'tiger-notes.tokens';
const PENDING = 'tiger-notes.pending';
const SAID = 'tiger-notes.said';

/** @returns {Tokens | undefined} */
export function findTokens() {
  return read(TOKENS);
}

/** @param {Tokens} tokens */
export function keepTokens(tokens) {
  sessionStorage.setItem(TOKENS, JSON.stringify(tokens));
}

export function forgetTokens() {
  sessionStorage.removeItem(TOKENS);
}

/** @param {Pending} pending the one sign-in that this tab waits for; an earlier one is given up */
export function keepPending(pending) {
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
}

/**
 * Whatever happens with it next, it is gone: an answer is looked at once.
 * @returns {Pending | undefined}
 */
export function takePending() {
  const pending = read(PENDING);
  sessionStorage.removeItem(PENDING);
  return pending;
}

/** @param {string} what something to say after the next page load */
export function sayLater(what) {
  sessionStorage.setItem(SAID, what);
}

/** @returns {string | undefined} */
export function takeSaid() {
  const said = sessionStorage.getItem(SAID) ?? undefined;
  sessionStorage.removeItem(SAID);
  return said;
}

/**
 * @param {string} name
 * @returns {any} what this app has written there itself
 */
function read(name) {
  const text = sessionStorage.getItem(name);
  return text === null ? undefined : JSON.parse(text);
}
