import { parseArgs } from 'node:util';
import { FLOW_AUTHENTICATIONS, FLOWS, type FlowChoice, type FlowName, type FlowStep, flowRequests } from '@hufu/client/flow-requests';
import { type Command, UsageError } from '../command.ts';
import { namedIssuer } from '../login/named-issuer.ts';
import { asked, clientAt } from '../login/sign-in.ts';

const FALLBACK_ISSUER = 'http://localhost:4400';

/** A flow by hand: what to type into a shell to see each of its requests. Nothing is sent but the question where the endpoints are. */
export const curl: Command = {
  name: 'curl',
  summary: 'prints the requests of a flow as commands of curl',
  usage: `hufu curl ${FLOWS.join('|')} --client ID [--issuer https://id.example] [--auth ${FLOW_AUTHENTICATIONS.join('|')}] [--redirect-uri URI] [--scope "…"] [--resource URI] [--login-hint NAME] [--param NAME=VALUE]… [--dpop] [--no-pkce] [--json]`,
  async run(call) {
    const { flow, issuer, choice, json } = readWords(call.args, namedIssuer(call.env));
    const steps = await asked(requestsAt(issuer, flow, choice));
    if (json) call.out(JSON.stringify(steps));
    else for (const [at, step] of steps.entries()) call.out(describe(at + 1, step));
    return 0;
  },
};

function readWords(
  args: readonly string[],
  issuer: string | undefined,
): { readonly flow: FlowName; readonly issuer: string; readonly choice: FlowChoice; readonly json: boolean } {
  const options = {
    issuer: { type: 'string' },
    client: { type: 'string' },
    auth: { type: 'string' },
    'redirect-uri': { type: 'string' },
    scope: { type: 'string' },
    resource: { type: 'string' },
    'login-hint': { type: 'string' },
    param: { type: 'string', multiple: true },
    dpop: { type: 'boolean' },
    'no-pkce': { type: 'boolean' },
    json: { type: 'boolean' },
  } as const;
  const { values, positionals } = usable(() => parseArgs({ args: [...args], options, allowPositionals: true }));
  const flow = FLOWS.find((name) => name === positionals[0]);
  if (flow === undefined || positionals.length > 1) throw new UsageError(`one flow is needed: ${FLOWS.join(', ')}`);
  const authentication = FLOW_AUTHENTICATIONS.find((name) => name === (values.auth ?? 'client_secret_basic'));
  if (authentication === undefined) throw new UsageError(`--auth is one of ${FLOW_AUTHENTICATIONS.join(', ')}`);
  if (values.client === undefined) throw new UsageError('--client is needed: whose requests they are');
  return {
    flow,
    issuer: (values.issuer ?? issuer ?? FALLBACK_ISSUER).replace(/\/$/, ''),
    json: values.json === true,
    choice: {
      clientId: values.client,
      authentication,
      ...(values['redirect-uri'] === undefined ? {} : { redirectUri: values['redirect-uri'] }),
      ...(values.scope === undefined ? {} : { scope: values.scope }),
      ...(values.resource === undefined ? {} : { resource: values.resource }),
      ...(values['login-hint'] === undefined ? {} : { loginHint: values['login-hint'] }),
      ...(values.param === undefined ? {} : { more: values.param.map(readParameter) }),
      ...(values.dpop === true ? { dpop: true } : {}),
      ...(values['no-pkce'] === true ? { pkce: 'off' } : {}),
    },
  };
}

function readParameter(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError('--param is NAME=VALUE');
  return [text.slice(0, at), text.slice(at + 1)];
}

async function requestsAt(issuer: string, flow: FlowName, choice: FlowChoice): Promise<readonly FlowStep[]> {
  const metadata = await clientAt(issuer, choice.clientId).metadata();
  return usable(() => flowRequests(metadata, flow, choice));
}

/** What was typed wrongly is told as that. */
function usable<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

const SAID: Readonly<Record<FlowStep['name'], string>> = {
  dpop_key: 'A key that the tokens are bound to (RFC 9449)',
  dpop_proof: 'How it is proved (RFC 9449 §4.2); where an answer asks for a nonce, set DPOP_NONCE to its header DPoP-Nonce and ask again',
  verifier: 'A code verifier, and its challenge (RFC 7636 §4)',
  push: 'The request is pushed ahead (RFC 9126 §2)',
  authorize: 'Open this address in a browser; it comes back with the code (set CODE to it), or with tokens, in its address',
  exchange: 'The code for tokens (RFC 6749 §4.1.3)',
  ask: 'Ask',
  confirm: 'Open this address in any browser, and allow it',
  poll: 'Again every few seconds, until somebody has decided',
  token: 'The token request',
  userinfo: 'Who the token is of',
  introspect: 'What the server says of the token (RFC 7662)',
  revoke: 'The token ends (RFC 7009)',
};

/** As a part of a script that can be pasted as a whole. */
function describe(at: number, { name, command, needs }: FlowStep): string {
  const set = needs.length === 0 ? '' : `\n#    set before: ${needs.join(', ')}`;
  return `# ${at}. ${SAID[name]}${set}\n${command}\n`;
}
