import { SessionError } from '@hufu/client/session/session-error';
import { sessionFetch } from '@hufu/client/session/session-fetch';
import { TokenSession } from '@hufu/client/session/token-session';
import { issuer, visitor, visits } from '../visits';

/** Who is signed in, as the authorization server says now: an access token that was renewed, once for all requests of a person. */
export default async function Page() {
  const session = visits.get(await visitor());
  if (!(session instanceof TokenSession)) return <SignIn says="Sign in" />;
  const ask = sessionFetch(session, { audiences: [new URL(issuer).origin] });
  const userinfo = await ask(`${issuer}/oauth/userinfo`, { cache: 'no-store' }).catch((error: unknown) => error);
  const isOver = userinfo instanceof SessionError ? !userinfo.retryable : userinfo instanceof Response && userinfo.status === 401;
  if (isOver) return <SignIn says="Your access has ended. Sign in again" />;
  // A server that is away is no reason to sign anybody out.
  if (!(userinfo instanceof Response) || !userinfo.ok) return <p>Try again in a moment.</p>;
  const { name, email } = await userinfo.json();
  return (
    <form method="post" action="/signout">
      <p id="who">{`${name} <${email}>`}</p>
      <button type="submit">Sign out</button>
    </form>
  );
}

function SignIn({ says }: { readonly says: string }) {
  // No <Link>: Next.js would fetch it ahead, and begin a sign-in that nobody asked for.
  return <a href="/signin">{says}</a>;
}
