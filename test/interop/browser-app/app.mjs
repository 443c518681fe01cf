/**
 * A single-page app as its makers write one with oidc-client-ts: buttons for what a person does, and on the page what the app knows then.
 * Which client it is, and how it renews, it learns from `?client=`, kept for the way back.
 */
import { UserManager, WebStorageStateStore } from 'oidc-client-ts';

const { origin, pathname, searchParams } = new URL(location.href);
const asked = searchParams.get('client');
// A popup and a frame begin with the storage of nobody.
if (asked !== null) localStorage.setItem('client', asked);
const settings = await (await fetch(`/clients/${localStorage.getItem('client')}`)).json();

const manager = new UserManager({
  redirect_uri: `${origin}/callback`,
  popup_redirect_uri: `${origin}/popup`,
  silent_redirect_uri: `${origin}/silent`,
  post_logout_redirect_uri: `${origin}/signed-out`,
  popup_post_logout_redirect_uri: `${origin}/popup-signed-out`,
  userStore: new WebStorageStateStore({ store: sessionStorage }),
  stateStore: new WebStorageStateStore({ store: localStorage }),
  automaticSilentRenew: false,
  checkSessionIntervalInSeconds: 1,
  query_status_response_type: 'code',
  ...settings,
});

const show = (id, value) => {
  document.getElementById(id).textContent = JSON.stringify(value);
};
const said = [];
const say = (text) => {
  said.push(text);
  show('said', said);
};
const showUser = (user) => show('user', user ?? null);

manager.events.addUserLoaded(showUser);
manager.events.addUserUnloaded(() => showUser(null));
manager.events.addUserSignedOut(() => say('signed out elsewhere'));
manager.events.addUserSessionChanged(() => say('session changed'));

/** What the server's session frame answers. */
const answers = [];
addEventListener('message', ({ origin: from, data }) => {
  if (from !== settings.authority || typeof data !== 'string') return;
  answers.push(data);
  show('answers', answers);
});

/** What goes wrong is on the page, with the code that the server gave. */
const attempt = (id, act) => {
  document.getElementById(id).addEventListener('click', async () => {
    try {
      await act();
      say(`${id}: done`);
    } catch (error) {
      say(`${id}: ${error.error ?? error.message}`);
    }
  });
};
attempt('sign-in', () => manager.signinRedirect({ state: { page: 'kept' }, url_state: 'in the address' }));
attempt('sign-in-popup', () => manager.signinPopup());
attempt('renew', () => manager.signinSilent());
attempt('status', async () => show('session', await manager.querySessionStatus()));
attempt('revoke', () => manager.revokeTokens());
attempt('sign-out', () => manager.signoutRedirect({ state: 'after' }));
attempt('sign-out-popup', () => manager.signoutPopup());

const arrivals = {
  '/callback': async () => {
    const user = await manager.signinRedirectCallback();
    show('state', { state: user.state, urlState: user.url_state });
    // The code does not stay in the address.
    history.replaceState({}, '', '/');
  },
  '/popup': () => manager.signinPopupCallback(),
  '/silent': () => manager.signinSilentCallback(),
  '/signed-out': async () => {
    const { userState } = await manager.signoutRedirectCallback();
    show('state', { state: userState });
  },
  '/popup-signed-out': () => manager.signoutPopupCallback(),
};
try {
  await arrivals[pathname]?.();
  showUser(await manager.getUser());
} catch (error) {
  say(`${pathname}: ${error.error ?? error.message}`);
}
document.body.dataset.ready = 'yes';
