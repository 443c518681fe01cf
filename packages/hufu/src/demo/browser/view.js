// @ts-check
/** What the page is made of. Text becomes text: no markup is ever written, and the page's policy would refuse it. */
import { nowMs } from './clock.js';
import { decodeJwt } from './tokens.js';

/** @typedef {import('./session.js').Tokens} Tokens */
/** @typedef {Record<string, string>} Words */

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {readonly (Node | string)[]} children
 */
export function element(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * @param {string} sentence
 * @param {Record<string, string>} values for its `{…}`
 */
export function fill(sentence, values) {
  return sentence.replaceAll(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

/**
 * The three tokens, the JWTs decoded.
 * @param {Tokens} tokens
 * @param {Words} words
 */
export function tokenCards(tokens, words) {
  return [
    jwtCard('access-token', words['accessToken'], words['accessTokenMeaning'], tokens.accessToken, words),
    jwtCard('id-token', words['idToken'], words['idTokenMeaning'], tokens.idToken, words),
    ...(tokens.refreshToken === undefined ? [] : [refreshCard(tokens.refreshToken, words)]),
  ];
}

/**
 * Claims as rows: name with its meaning on hover, value, and what a time is on a clock.
 * @param {Record<string, unknown>} claims
 * @param {Words} words
 */
export function claimRows(claims, words) {
  return Object.entries(claims).map(([name, value]) => {
    const meaning = words[name];
    const label = meaning === undefined ? name : element('abbr', { title: meaning }, [name]);
    return element('div', { 'data-claim': name }, [element('dt', {}, [label]), element('dd', {}, claimValue(name, value))]);
  });
}

/**
 * A time of today without its day.
 * @param {number} seconds since 1970
 */
export function formatTime(seconds) {
  const time = new Date(seconds * 1000);
  const isToday = time.toDateString() === new Date(nowMs()).toDateString();
  const { lang } = document.documentElement;
  return time.toLocaleString(lang, { ...(isToday ? {} : { dateStyle: 'medium' }), timeStyle: 'medium' });
}

/**
 * @param {string} id
 * @param {string} title
 * @param {string} meaning
 * @param {string} text
 * @param {Words} words
 */
function jwtCard(id, title = '', meaning = '', text, words) {
  const decoded = decodeJwt(text);
  const parts =
    decoded === undefined
      ? [element('p', { class: 'raw' }, [text])]
      : [
          element('h4', {}, [words['header'] ?? '']),
          element('dl', { class: 'claims' }, claimRows(decoded.header, words)),
          element('h4', {}, [words['claims'] ?? '']),
          element('dl', { class: 'claims' }, claimRows(decoded.claims, words)),
          element('details', {}, [element('summary', {}, [words['raw'] ?? '']), rawJwt(text)]),
        ];
  return card(id, title, meaning, parts);
}

/**
 * Its three parts, told apart.
 * @param {string} text
 */
function rawJwt(text) {
  const [header = '', claims = '', signature = ''] = text.split('.');
  const part = (/** @type {string} */ name, /** @type {string} */ value) => element('span', { class: name }, [value]);
  return element('p', { class: 'raw' }, [
    part('raw-header', header),
    '.',
    part('raw-claims', claims),
    '.',
    part('raw-signature', signature),
  ]);
}

/**
 * Masked until somebody wants to see it: it is the one credential here that lives long.
 * @param {string} text
 * @param {Words} words
 */
function refreshCard(text, words) {
  const masked = `${text.slice(0, text.indexOf('_') + 1)}${'•'.repeat(24)}`;
  const value = element('code', { class: 'raw', id: 'refresh-token-value' }, [masked]);
  const button = element('button', { type: 'button', id: 'reveal', class: 'small-button', 'aria-controls': 'refresh-token-value' });
  const show = (/** @type {boolean} */ revealed) => {
    value.textContent = revealed ? text : masked;
    button.textContent = (revealed ? words['hide'] : words['reveal']) ?? '';
    button.setAttribute('aria-expanded', String(revealed));
  };
  button.addEventListener('click', () => show(button.getAttribute('aria-expanded') !== 'true'));
  show(false);
  return card('refresh-token', words['refreshToken'] ?? '', words['refreshTokenMeaning'] ?? '', [
    element('div', { class: 'masked' }, [value, button]),
  ]);
}

/**
 * @param {string} id
 * @param {string} title
 * @param {string} meaning
 * @param {readonly Node[]} parts
 */
function card(id, title, meaning, parts) {
  return element('section', { class: 'card', id, 'aria-labelledby': `${id}-heading` }, [
    element('h3', { id: `${id}-heading` }, [title]),
    element('p', { class: 'faded small' }, [meaning]),
    ...parts,
  ]);
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {(Node | string)[]}
 */
function claimValue(name, value) {
  const code = element('code', {}, [typeof value === 'string' ? value : JSON.stringify(value)]);
  const isTime = ['iat', 'exp', 'nbf', 'auth_time'].includes(name) && typeof value === 'number';
  return isTime ? [code, ' ', element('span', { class: 'time' }, [formatTime(value)])] : [code];
}
