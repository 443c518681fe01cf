import { type Command, RefusedError } from '../command.ts';
import { readAccountWords } from '../login/account-words.ts';
import { liveAccount } from '../login/live-account.ts';

/** Whom the server takes the stored account for (OpenID Connect Core §5.3): asked there, not remembered. */
export const whoami: Command = {
  name: 'whoami',
  summary: 'says who is signed in, and where',
  usage: 'hufu whoami [--issuer https://id.example] [--json]',
  async run(call) {
    const { json, issuer: wanted } = readAccountWords(call.args);
    const { issuer, accessToken, clientId, scope } = await liveAccount(call, wanted);
    // Here, so that a server that starts does not load it.
    const { asked, clientAt } = await import('../login/sign-in.ts');
    const { ask, refusal } = await import('@hufu/client/ask');
    const { printable } = await import('@hufu/client/printable');
    const client = clientAt(issuer, clientId);
    const endpoint = await asked(client.metadata().then((metadata) => metadata.endpoint('userinfo_endpoint')));
    const reply = await asked(ask(client.fetch, endpoint, { headers: { authorization: `Bearer ${accessToken}` } }));
    if (reply.status !== 200 || reply.body === undefined)
      throw new RefusedError(reply.status === 401 ? `the sign-in at ${issuer} is over: hufu login` : refusal(reply, issuer).message);
    const claims = reply.body;
    const text = (name: string): string => printable(claims[name], 2_048) ?? '';
    const name = text('name') || text('preferred_username') || text('email');
    const sub = text('sub');
    call.out(
      json ? JSON.stringify({ issuer, client_id: clientId, scope, claims }) : `${name === '' ? sub : `${name} (${sub})`} at ${issuer}`,
    );
    return 0;
  },
};
