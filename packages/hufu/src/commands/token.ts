import type { Command } from '../command.ts';
import { readAccountWords } from '../login/account-words.ts';
import { liveAccount } from '../login/live-account.ts';

/** An access token for other programs: `curl -H "Authorization: Bearer $(hufu token)" …`. */
export const token: Command = {
  name: 'token',
  summary: 'prints a live access token of yours, renewed where it has to be',
  usage: 'hufu token [--issuer https://id.example] [--json]',
  async run(call) {
    const { json, issuer } = readAccountWords(call.args);
    const { accessToken, tokenType, expiresAt, scope } = await liveAccount(call, issuer);
    call.out(json ? JSON.stringify({ access_token: accessToken, token_type: tokenType, expires_at: expiresAt, scope }) : accessToken);
    return 0;
  },
};
