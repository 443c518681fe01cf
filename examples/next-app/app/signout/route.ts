import { TokenSession } from '@hufu/client/session/token-session';
import { signOutUrl } from '@hufu/client/sign-out';
import { APP_URL, client, redirect, visitor, visits } from '../../visits';

/** A form of another site sends no cookie along, as it is SameSite=Lax: nobody is signed out by it. */
export async function POST(): Promise<Response> {
  const id = await visitor();
  const session = visits.get(id);
  visits.delete(id);
  const { idToken } = session instanceof TokenSession ? await session.signOut() : {};
  return redirect(await signOutUrl(client, { idToken, postLogoutRedirectUri: `${APP_URL}/` }));
}
