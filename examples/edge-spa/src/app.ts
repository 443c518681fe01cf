/** The page: who is signed in, and their notes. There is no token here, and nothing to keep. */
import { edge } from '@hufu/client/edge';

const gateway = edge();

async function show(): Promise<void> {
  const { signed_in: isSignedIn, claims } = await gateway.session();
  // The session may end between the two questions.
  const isHere = isSignedIn && (await call('GET'));
  element('who').textContent = isHere ? String(claims?.['name']) : 'Nobody is signed in.';
  element('signin').hidden = isHere;
  for (const name of ['signout', 'add', 'notes']) element(name).hidden = !isHere;
}

async function call(method: string): Promise<boolean> {
  const reply = await gateway.fetch('/api/notes', { method });
  // 401: the session is over. 409: somebody else has signed in in another tab.
  if (reply.status === 401 || reply.status === 409) return false;
  if (!reply.ok) throw new Error(`the API answers ${reply.status}`);
  const { notes }: { readonly notes: readonly string[] } = await reply.json();
  element('notes').replaceChildren(...notes.map((note) => Object.assign(document.createElement('li'), { textContent: note })));
  return true;
}

function element(id: string): HTMLElement {
  return document.getElementById(id) ?? document.body;
}

function onClick(id: string, act: () => Promise<void>): void {
  element(id).addEventListener('click', () => void act().catch(console.error));
}

onClick('signin', () => gateway.login());
onClick('signout', () => gateway.logout());
onClick('add', async () => {
  if (!(await call('POST'))) await show();
});
show().catch(console.error);
