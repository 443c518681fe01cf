import { type Command, RefusedError } from '../command.ts';
import { readAccountWords } from '../login/account-words.ts';
import { discover, explain, getWithToken, printable } from '../login/issuer.ts';
import { liveAccount } from '../login/live-account.ts';

/** Whom the server takes the stored account for (OpenID Connect Core §5.3): asked there, not remembered. */
export const whoami: Command = {
  name: 'whoami',
  summary: 'says who is signed in, and where',
  usage: 'hufu whoami [--issuer https://id.example] [--json]',
  async run(call) {
    const { json, issuer: asked } = readAccountWords(call.args);
    const { issuer, accessToken, clientId, scope } = await liveAccount(call, asked);
    const { userinfoEndpoint } = await discover(issuer);
    if (userinfoEndpoint === undefined) throw new RefusedError(`${issuer} has no userinfo endpoint`);
    const reply = await getWithToken(userinfoEndpoint, accessToken);
    if (reply.status !== 200)
      throw new RefusedError(`${issuer} does not say: ${reply.status === 401 ? 'the sign-in is over: hufu login' : explain(reply)}`);
    const name = printable(reply.body['name']) || printable(reply.body['preferred_username']) || printable(reply.body['email']);
    const sub = printable(reply.body['sub']);
    call.out(
      json
        ? JSON.stringify({ issuer, client_id: clientId, scope, claims: reply.body })
        : `${name === '' ? sub : `${name} (${sub})`} at ${issuer}`,
    );
    return 0;
  },
};
