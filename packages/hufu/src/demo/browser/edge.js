/** The page behind the gateway. It asks who is signed in, and calls: that is all there is to it. */

const words = document.body.dataset;

/** The header says that a script of this site asks: no form and no link of another one can send it. */
function ask(path, init = {}) {
  return fetch(path, { ...init, headers: { 'x-csrf': '1' } });
}

async function show() {
  const { signed_in: isSignedIn, claims } = await (await ask('/edge/session')).json();
  // The session may end between the two questions.
  const isHere = isSignedIn && (await notes());
  element('who').textContent = isHere ? `${words.who} ${claims.name ?? ''}` : words.nobody;
  element('signed-in').hidden = !isHere;
  element('signed-out').hidden = isHere;
}

/** Reads the notes, or writes one. Answers whether somebody is signed in. */

async function notes(text) {
  const reply = await ask('/notes', text === undefined ? {} : { method: 'POST', body: text });
  if (reply.status === 401) return false;
  if (!reply.ok) throw new Error(`the service answers ${reply.status}`);
  const { notes: all, got } = await reply.json();
  element('notes').replaceChildren(...all.map((note) => Object.assign(document.createElement('li'), { textContent: note.text })));
  element('got').textContent = got.join(', ');
  return true;
}

async function signOut() {
  const { location: end } = await (await ask('/edge/logout', { method: 'POST' })).json();
  location.assign(end);
}

function element(id) {
  return document.getElementById(id);
}

async function attempt(act) {
  element('problem').hidden = true;
  try {
    await act();
  } catch {
    element('problem').textContent = words.failed;
    element('problem').hidden = false;
  }
}

element('sign-in').addEventListener('click', () => location.assign('/edge/login?return_to=/'));
element('sign-out').addEventListener('click', () => attempt(signOut));
element('write').addEventListener('submit', (event) => {
  event.preventDefault();
  const { value } = element('text');
  event.target.reset();
  void attempt(async () => (await notes(value)) || show());
});
void attempt(show);
