// @ts-check
/** Tiger Notes: shows one of three states (signed out, on the way, signed in) and does what its buttons say. */
import { nowMs } from './clock.js';
import { Failure, OAuthClient } from './oauth.js';
import { findTokens, forgetTokens, takeSaid } from './session.js';
import { decodeJwt } from './tokens.js';
import { claimRows, element, fill, formatTime, tokenCards } from './view.js';

const { dataset } = document.body;
/** @type {Record<string, string>} */
const words = JSON.parse(dataset['words'] ?? '{}');
const settings = {
  issuer: dataset['issuer'] ?? '',
  clientId: dataset['clientId'] ?? '',
  redirectUri: dataset['redirectUri'] ?? '',
  home: dataset['home'] ?? '',
  resource: dataset['resource'] ?? '',
  scope: dataset['scope'] ?? '',
};
const MAX_REQUESTS = 12;
const STATES = ['signed-out', 'busy', 'signed-in'];

const client = new OAuthClient(settings, logRequest);
const notesUrl = `${settings.resource}/notes`;

if (new URL(settings.issuer).origin === location.origin) await start();
// Another name of the same machine is another origin, which the answer would not come back to.
else location.replace(settings.home);

async function start() {
  listen('sign-in', () => client.signIn(document.documentElement.lang));
  listen('call-api', readNotes);
  listen('refresh', refresh);
  listen('sign-out', () => client.signOut());
  find('write').addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(writeNote);
  });
  const answer = new URLSearchParams(location.search);
  if (location.pathname === new URL(settings.redirectUri).pathname && (answer.has('code') || answer.has('error'))) await finish(answer);
  else if (findTokens() === undefined) showSignedOut(words[takeSaid() ?? '']);
  else await showSignedIn();
}

/** @param {URLSearchParams} answer */
async function finish(answer) {
  show('busy');
  // The code is used once, and stays in no history.
  history.replaceState(undefined, '', location.pathname);
  try {
    const { locale } = await client.finish(answer);
    if (locale === document.documentElement.lang) await showSignedIn();
    else location.replace(`${settings.home}?ui_locales=${encodeURIComponent(locale)}`);
  } catch (error) {
    // A link that somebody else made must not sign anybody out.
    const isSignedIn = findTokens() !== undefined;
    if (isSignedIn) await showSignedIn();
    else showSignedOut(undefined);
    complain(error, isSignedIn ? 'trouble' : 'problem');
  }
}

/** @param {string | undefined} news */
function showSignedOut(news) {
  show('signed-out');
  say('said', news);
  say('problem', undefined);
}

async function showSignedIn() {
  const subject = signedInSubject();
  showTokens();
  showNotes(undefined);
  const who = find('who');
  who.textContent = fill(who.dataset['heading'] ?? '', { name: subject });
  show('signed-in');
  await attempt(async () => {
    const { name = subject } = await client.userinfo();
    who.textContent = fill(who.dataset['heading'] ?? '', { name: String(name) });
    showTokens();
  });
}

function signedInSubject() {
  return String(decodeJwt(findTokens()?.idToken ?? '')?.claims['sub'] ?? '');
}

function showTokens() {
  const tokens = findTokens();
  if (tokens !== undefined) find('tokens').replaceChildren(...tokenCards(tokens, words));
}

async function refresh() {
  await client.refresh();
  showTokens();
  say('news', fill(words['refreshed'] ?? '', { time: formatTime(nowMs() / 1000) }));
}

async function readNotes() {
  showAnswer(await client.call('GET', notesUrl));
}

async function writeNote() {
  const field = /** @type {HTMLInputElement} */ (find('text'));
  const answer = await client.call('POST', notesUrl, { text: field.value });
  if (answer.status !== 201) return showAnswer(answer);
  field.value = '';
  return readNotes();
}

/** @param {{ status: number, body: any }} answer */
function showAnswer({ status, body }) {
  // A call may have renewed the tokens on its way.
  showTokens();
  if (status !== 200) throw new Failure('failedRefused', `${status} ${body.error ?? ''}. ${body.error_description ?? ''}`);
  showNotes(body.notes);
  find('seen').replaceChildren(element('dl', { class: 'claims' }, claimRows(body.seen, words)));
  find('saw').hidden = false;
}

/** @param {readonly { text: string, by: string, written_at: string }[] | undefined} notes */
function showNotes(notes) {
  const subject = signedInSubject();
  const none = element('p', { class: 'faded' }, [words['notYet'] ?? '']);
  const items = (notes ?? []).map(({ text, by, written_at }) => {
    const about = fill(words['by'] ?? '', {
      by: by === subject ? (words['you'] ?? by) : by,
      time: formatTime(Date.parse(written_at) / 1000),
    });
    return element('li', {}, [text, element('span', { class: 'faded small' }, [about])]);
  });
  find('notes').replaceChildren(items.length === 0 ? none : element('ul', { class: 'notes' }, items));
}

/**
 * @param {string} method
 * @param {string} path
 * @param {number | undefined} status
 */
function logRequest(method, path, status) {
  const list = find('requests');
  list.prepend(
    element('li', {}, [
      element('span', { class: 'method' }, [method]),
      element('code', {}, [path]),
      element('span', { class: 'status' }, [String(status ?? '—')]),
    ]),
  );
  while (list.children.length > MAX_REQUESTS) list.lastElementChild?.remove();
}

/**
 * Runs what a button does; while it runs, the button does nothing more.
 * @param {string} id
 * @param {() => Promise<void>} act
 */
function listen(id, act) {
  const button = /** @type {HTMLButtonElement} */ (find(id));
  button.disabled = false;
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-busy') === 'true') return;
    button.setAttribute('aria-busy', 'true');
    await attempt(act);
    button.removeAttribute('aria-busy');
  });
}

/** @param {() => Promise<void>} act */
async function attempt(act) {
  say('trouble', undefined);
  say('problem', undefined);
  say('news', undefined);
  try {
    await act();
  } catch (error) {
    if (error instanceof Failure && error.kind === 'failedEnded') {
      forgetTokens();
      showSignedOut(undefined);
    }
    complain(error, find('signed-in').hidden ? 'problem' : 'trouble');
  }
}

/**
 * @param {unknown} error
 * @param {string} id where it is said
 */
function complain(error, id) {
  if (!(error instanceof Failure)) throw error;
  say(id, fill(words[error.kind] ?? '', { detail: error.detail }));
}

/**
 * @param {string} id
 * @param {string | undefined} text undefined takes back what was said
 */
function say(id, text) {
  const place = find(id);
  place.textContent = text ?? '';
  place.hidden = text === undefined;
}

/** @param {string} state */
function show(state) {
  for (const id of STATES) find(id).hidden = id !== state;
  document.body.classList.toggle('open', state === 'signed-in');
  document.body.classList.add('ready');
}

/** @param {string} id */
function find(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no ${id} on the page`);
  return found;
}
