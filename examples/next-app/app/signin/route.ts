import { prepareSignIn } from '@hufu/client/sign-in';
import { APP_URL, client, keep, redirect } from '../../visits';

export async function GET(): Promise<Response> {
  const { url, pending } = await prepareSignIn(client, { redirectUri: `${APP_URL}/callback`, scope: 'openid profile email' });
  await keep(pending);
  return redirect(url);
}
