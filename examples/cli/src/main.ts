/** A program in a terminal: signs somebody in by a code (RFC 8628), and remembers them in a file that is theirs alone. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@hufu/client/client';
import { ClientError } from '@hufu/client/client-error';
import { signInByDevice } from '@hufu/client/device-login';
import { filePlace } from '@hufu/client/node/file-storage';
import { createRenewer } from '@hufu/client/renewer';
import { SessionError } from '@hufu/client/session/session-error';
import type { AccessToken } from '@hufu/client/session/session-tokens';
import { TokenSession } from '@hufu/client/session/token-session';
import { fetchUserinfo } from '@hufu/client/userinfo';

const issuer = process.env.ISSUER ?? 'http://localhost:4400';
const clientId = 'cli';
const file = process.env.SESSION_FILE ?? join(homedir(), '.config', 'hufu-example', 'session.json');

// In a file the key of the tokens has to be written down as well.
const client = createClient({ issuer, clientId, dpopKeys: 'extractable' });
const session = new TokenSession({ issuer, clientId, place: await filePlace(file), renewer: createRenewer(client) });

if (process.argv[2] === 'logout') {
  await session.signOut();
  console.log('Signed out.');
} else {
  await whoAmI().catch(async (error: unknown) => {
    // Any other failure, such as a server that is away, is no reason to sign in again.
    if (!(error instanceof SessionError) || !['no_session', 'signed_out', 'replaced', 'expired'].includes(error.code)) throw error;
    await signIn();
    await whoAmI();
  });
}
await session.close();

async function signIn(): Promise<void> {
  const signedIn = await signInByDevice(client, {
    scope: 'openid profile offline_access',
    show: ({ userCode, verificationUri }) => console.log(`Open ${verificationUri}\nand type ${userCode}`),
  });
  await session.signedIn(signedIn);
}

async function whoAmI(): Promise<void> {
  const { claims } = await session.current();
  const sub = String(claims?.['sub']);
  const ask = ({ token, dpopKey }: AccessToken): ReturnType<typeof fetchUserinfo> =>
    fetchUserinfo(client, { accessToken: token, sub, dpopKey });
  const access = await session.accessToken();
  const { name } = await ask(access).catch(async (error: unknown) => {
    // Revoked before its time: one more, or the session says how it ended.
    if (!(error instanceof ClientError) || error.status !== 401) throw error;
    return ask(await session.accessToken({ renewAfter: access.token }));
  });
  console.log(`Hello, ${name}.`);
}
