import { ClientError } from '@hufu/client/client-error';
import { finishSignIn } from '@hufu/client/finish-sign-in';
import { createRenewer } from '@hufu/client/renewer';
import { TokenSession } from '@hufu/client/session/token-session';
import { memoryPlace } from '@hufu/client/storage/memory';
import { APP_URL, client, clientId, issuer, keep, redirect, visitor, visits } from '../../visits';

export async function GET(request: Request): Promise<Response> {
  const id = await visitor();
  const pending = visits.get(id);
  if (pending === undefined || pending instanceof TokenSession) return new Response('This sign-in is over.', { status: 400 });
  visits.delete(id);
  try {
    const session = new TokenSession({ issuer, clientId, place: memoryPlace(), renewer: createRenewer(client) });
    await session.signedIn(await finishSignIn(client, `${APP_URL}/callback${new URL(request.url).search}`, pending));
    await keep(session);
    return redirect('/');
  } catch (error) {
    return new Response(`Not signed in: ${error instanceof ClientError ? error.code : 'try again'}`, { status: 400 });
  }
}
