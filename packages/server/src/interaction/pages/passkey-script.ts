import { createHash } from 'node:crypto';

/**
 * What pages with a passkey panel run (WebAuthn §5.1.8, §5.1.9): the browser's own functions for options and answers in JSON where it has them, and the same by hand where not.
 * All words stand on the page, hidden: the script only shows which of them is true. What it learns goes to the server in the panel's form, so that everything
 * after it is a page like any other.
 */
export const PASSKEY_SCRIPT: string = `const form = document.getElementById('passkey-form');
const accepted = document.getElementById('passkeys-accepted');
const RENEW_MS = 240000;
const MAX_RENEWALS = 12;
let waiting;

function toBytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (character) => character.charCodeAt(0));
}

function toText(buffer) {
  const characters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(characters).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '');
}

function readOptions(makes, json) {
  const name = makes ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON';
  if (typeof PublicKeyCredential[name] === 'function') return PublicKeyCredential[name](json);
  const describe = (one) => ({ ...one, id: toBytes(one.id) });
  const options = { ...json, challenge: toBytes(json.challenge) };
  if (json.user) options.user = { ...json.user, id: toBytes(json.user.id) };
  if (json.allowCredentials) options.allowCredentials = json.allowCredentials.map(describe);
  if (json.excludeCredentials) options.excludeCredentials = json.excludeCredentials.map(describe);
  return options;
}

function writeCredential(credential) {
  if (typeof credential.toJSON === 'function') {
    try {
      return JSON.stringify(credential.toJSON());
    } catch {
      // A password manager's own object, which knows the method and cannot do it.
    }
  }
  const response = {};
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'])
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  if (typeof credential.response.getTransports === 'function') response.transports = credential.response.getTransports();
  return JSON.stringify({ id: credential.id, rawId: toText(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
}

class Told extends Error {
  constructor(problem) {
    super(problem);
    this.problem = problem;
  }
}

async function fetchOptions(signal) {
  const body = new URLSearchParams(new FormData(form));
  const reply = await fetch(form.dataset.options, { method: 'POST', body, signal, headers: { accept: 'application/json' } });
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Told(answer.problem);
  return answer;
}

function show(problem) {
  const shown = form.querySelector('[data-problem="' + problem + '"]') || form.querySelector('[data-problem="failed"]');
  for (const one of form.querySelectorAll('[data-problem]')) one.hidden = one !== shown;
}

function problemOf(error) {
  if (error instanceof Told) return error.problem || 'failed';
  switch (error && error.name) {
    case 'NotAllowedError':
      return 'cancelled';
    case 'SecurityError':
      return 'wrong_site';
    case 'InvalidStateError':
      return 'already_there';
    case 'NotSupportedError':
      return 'unsupported';
    default:
      return 'failed';
  }
}

async function ask(more) {
  const makes = form.dataset.act === 'create';
  const { publicKey, challenge } = await fetchOptions(more.signal);
  const asked = { ...more, publicKey: readOptions(makes, publicKey) };
  const credential = await (makes ? navigator.credentials.create(asked) : navigator.credentials.get(asked));
  if (!credential) throw new Told('cancelled');
  form.elements.challenge.value = challenge;
  form.elements.credential.value = writeCredential(credential);
  form.submit();
}

function stopWaiting() {
  if (waiting) waiting.abort();
  waiting = undefined;
}

async function use() {
  stopWaiting();
  show('none');
  form.setAttribute('aria-busy', 'true');
  waiting = new AbortController();
  const { signal } = waiting;
  try {
    await ask({ signal });
  } catch (error) {
    if (signal.aborted) return;
    show(problemOf(error));
    offer();
  } finally {
    form.removeAttribute('aria-busy');
  }
}

// In the list that the browser opens at the user name. A challenge is over after a while: before that, another one takes its place.
async function offer() {
  if (!('conditional' in form.dataset) || typeof PublicKeyCredential.isConditionalMediationAvailable !== 'function') return;
  if (!(await PublicKeyCredential.isConditionalMediationAvailable().catch(() => false))) return;
  for (let renewals = 0; renewals < MAX_RENEWALS; renewals += 1) {
    const mine = new AbortController();
    let over = false;
    stopWaiting();
    waiting = mine;
    const timer = setTimeout(() => {
      over = true;
      mine.abort();
    }, RENEW_MS);
    try {
      await ask({ mediation: 'conditional', signal: mine.signal });
      return;
    } catch (error) {
      if (over) continue;
      // Nobody asked for anything yet: only what somebody chose and cannot have is told.
      if (!mine.signal.aborted && error && error.name === 'SecurityError') show('wrong_site');
      return;
    } finally {
      clearTimeout(timer);
    }
  }
}

function addFields() {
  for (const [name, value] of [...JSON.parse(form.dataset.fields), ['challenge', ''], ['credential', '']]) {
    const field = document.createElement('input');
    Object.assign(field, { type: 'hidden', name, value });
    form.append(field);
  }
}

function start() {
  addFields();
  const button = form.querySelector('button');
  if (typeof PublicKeyCredential !== 'function' || !navigator.credentials) {
    if (!('required' in form.dataset)) return;
    show('unsupported');
    button.hidden = true;
    form.hidden = false;
    return;
  }
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    use();
  });
  offer();
}

if (form) start();
if (accepted && typeof PublicKeyCredential === 'function' && PublicKeyCredential.signalAllAcceptedCredentials)
  PublicKeyCredential.signalAllAcceptedCredentials(JSON.parse(accepted.dataset.credentials)).catch(() => {});
`;

/** Where it is served: the name carries a hash of the content, so it may be kept for ever. */
export const PASSKEY_SCRIPT_PATH: string = `/assets/passkeys.${createHash('sha256').update(PASSKEY_SCRIPT).digest('hex').slice(0, 12)}.js`;
