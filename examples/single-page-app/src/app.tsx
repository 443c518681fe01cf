/** The page: who is signed in, and a button. */
import { SessionProvider, useSession } from '@hufu/client/react';
import { type ReactElement, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { actions, api, issuer, session } from './session.ts';

function App(): ReactElement {
  const view = useSession();
  if (view.status === 'loading') return <p>…</p>;
  if (view.status === 'unavailable') return <p>Try again in a moment.</p>;
  if (view.status === 'changed') return <Button id="adopt" says="Somebody else has signed in. Go on as them" act={() => session.adopt()} />;
  if (view.status === 'signed_in')
    return (
      <>
        <Person key={view.id} />
        <Button id="signout" says="Sign out" act={actions.signOut} />
      </>
    );
  const who = view.error === undefined ? 'Nobody is signed in.' : `That did not work: ${String(view.error)}`;
  return (
    <>
      <p>{who}</p>
      <Button id="signin" says="Sign in" act={actions.signIn} />
    </>
  );
}

function Person(): ReactElement {
  const [who, setWho] = useState('…');
  useEffect(() => {
    const read = async (): Promise<string> => {
      const { name, email } = await (await api(`${issuer}/oauth/userinfo`)).json();
      return `${name} <${email}>`;
    };
    read().then(setWho, (error: unknown) => setWho(String(error)));
  }, []);
  return <p id="who">{who}</p>;
}

function Button({ id, says, act }: { readonly id: string; readonly says: string; readonly act: () => Promise<void> }): ReactElement {
  return <button id={id} onClick={() => void act().catch(console.error)} type="button" children={says} />;
}

const app = (
  <SessionProvider session={session} arrive={actions.arrive}>
    <App />
  </SessionProvider>
);
createRoot(document.querySelector('#app') ?? document.body).render(app);
