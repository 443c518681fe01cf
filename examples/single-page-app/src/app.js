/** The page: who is signed in, and three buttons. */
import { finishSignIn, renew, signIn, signOut, userinfo } from './tokens.js';

const who = document.querySelector('#who');
const buttons = { signin: signIn, renew: () => renew('now').then(show), signout: signOut };

for (const [id, act] of Object.entries(buttons)) {
  document.querySelector(`#${id}`).addEventListener('click', () => act().catch(complain));
}
finishSignIn().then(show).catch(complain);

async function show() {
  const claims = await userinfo();
  who.textContent = claims === undefined ? 'Nobody is signed in.' : `${claims.name} <${claims.email}>`;
  document.querySelector('#signin').hidden = claims !== undefined;
  for (const id of ['renew', 'signout']) document.querySelector(`#${id}`).hidden = claims === undefined;
}

function complain(error) {
  console.error(error);
  who.textContent = `That did not work: ${error.message}`;
  document.querySelector('#signin').hidden = false;
}
