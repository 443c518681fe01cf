import type { ServerMetadata } from './server-metadata.ts';

/** What can be asked of an authorization server, and with what it can be shown by hand. */
export const FLOWS = [
  'authorization_code',
  'pushed_authorization_code',
  'client_credentials',
  'refresh_token',
  'device_code',
  'ciba',
  'token_exchange',
  'jwt_bearer',
  'userinfo',
  'introspect',
  'revoke',
] as const;

export type FlowName = (typeof FLOWS)[number];

/** Who asks, and for what. */
export interface FlowChoice {
  readonly clientId: string;
  /** How the client proves itself: its secret is never written down, the commands take it from `$CLIENT_SECRET`. */
  readonly authentication: 'client_secret_basic' | 'client_secret_post' | 'none';
  /** Needed where a browser comes back. */
  readonly redirectUri?: string;
  readonly scope?: string;
  /** RFC 8707. */
  readonly resource?: string;
  /** Whom a CIBA request is about. */
  readonly loginHint?: string;
}

export type FlowStepName =
  | 'verifier'
  | 'push'
  | 'authorize'
  | 'exchange'
  | 'ask'
  | 'confirm'
  | 'poll'
  | 'token'
  | 'userinfo'
  | 'introspect'
  | 'revoke';

/** One command of a flow, for bash. */
export interface FlowStep {
  readonly name: FlowStepName;
  readonly command: string;
  /** Variables that somebody has to set before: a secret, a token, a code that came in an address. */
  readonly needs: readonly string[];
}

/**
 * The requests of a flow as commands of curl, in order: what is typed to see exactly what goes over the wire. What one command finds, the next takes from a variable
 * of the shell. Secrets and tokens are variables, never part of a command.
 *
 * @param metadata of the server, from `discover`; throws its `unsupported` where the server does not have the flow's endpoint
 * @throws {TypeError} where the flow needs something that was not said
 */
export function flowRequests(metadata: ServerMetadata, flow: FlowName, choice: FlowChoice): readonly FlowStep[] {
  const write = new CurlWriter(metadata, choice);
  switch (flow) {
    case 'authorization_code':
      return [write.verifier(), write.authorize(), write.exchange()];
    case 'pushed_authorization_code':
      return [write.verifier(), write.push(), write.authorizePushed(), write.exchange()];
    case 'client_credentials':
      write.requireSecret(flow);
      return [write.token([['grant_type', 'client_credentials'], ...write.wanted()])];
    case 'refresh_token':
      return [
        write.token([
          ['grant_type', 'refresh_token'],
          ['refresh_token', new Variable('REFRESH_TOKEN')],
        ]),
      ];
    case 'device_code':
      return write.device();
    case 'ciba':
      return write.ciba();
    case 'token_exchange':
      return [
        write.token([
          ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
          ['subject_token', new Variable('TOKEN')],
          ['subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'],
          ...write.wanted(),
        ]),
      ];
    case 'jwt_bearer':
      return [
        write.token([
          ['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
          ['assertion', new Variable('ASSERTION')],
          ...write.wanted(),
        ]),
      ];
    case 'userinfo':
      return [
        {
          name: 'userinfo',
          command: `curl -sS -H "Authorization: Bearer $TOKEN" ${quote(metadata.endpoint('userinfo_endpoint'))}`,
          needs: ['TOKEN'],
        },
      ];
    case 'introspect':
      write.requireSecret(flow);
      return [write.post('introspect', metadata.endpoint('introspection_endpoint'), [['token', new Variable('TOKEN')]])];
    case 'revoke':
      return [write.post('revoke', metadata.endpoint('revocation_endpoint'), [['token', new Variable('TOKEN')]])];
  }
}

/** A value that the shell knows. */
class Variable {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

type Field = readonly [name: string, value: string | Variable];

/** Found by an earlier command of the same flow. */
const FOUND = new Set(['VERIFIER', 'CHALLENGE', 'DEVICE_CODE', 'AUTH_REQ_ID', 'REQUEST_URI']);

class CurlWriter {
  readonly #metadata: ServerMetadata;
  readonly #choice: FlowChoice;

  constructor(metadata: ServerMetadata, choice: FlowChoice) {
    this.#metadata = metadata;
    this.#choice = choice;
  }

  requireSecret(flow: FlowName): void {
    if (this.#choice.authentication === 'none') throw new TypeError(`${flow} is for clients that authenticate`);
  }

  wanted(): readonly Field[] {
    const { scope, resource } = this.#choice;
    return [
      ...(scope === undefined ? [] : [['scope', scope] as const]),
      ...(resource === undefined ? [] : [['resource', resource] as const]),
    ];
  }

  /** RFC 7636 §4.1, §4.2: what `openssl` makes of 32 bytes of chance. */
  verifier(): FlowStep {
    const url = `tr '+/' '-_' | tr -d '=\\n'`;
    const command = [
      `VERIFIER=$(openssl rand -base64 32 | ${url})`,
      `CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 | ${url})`,
    ].join('\n');
    return { name: 'verifier', command, needs: [] };
  }

  authorize(): FlowStep {
    const fields = [['client_id', this.#choice.clientId], ...this.#request()] as const;
    return this.#visit(fields.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&'), '&code_challenge=$CHALLENGE');
  }

  /** RFC 9126 §2. */
  push(): FlowStep {
    const endpoint = this.#metadata.endpoint('pushed_authorization_request_endpoint');
    const step = this.post('push', endpoint, [...this.#request(), ['code_challenge', new Variable('CHALLENGE')]]);
    return { ...step, command: `${assign('RESPONSE', step.command)}\n${pick('REQUEST_URI', 'request_uri')}` };
  }

  authorizePushed(): FlowStep {
    return this.#visit(`client_id=${encodeURIComponent(this.#choice.clientId)}`, '&request_uri=$REQUEST_URI');
  }

  exchange(): FlowStep {
    return this.token(
      [
        ['grant_type', 'authorization_code'],
        ['code', new Variable('CODE')],
        ['redirect_uri', this.#redirectUri()],
        ['code_verifier', new Variable('VERIFIER')],
      ],
      'exchange',
    );
  }

  token(fields: readonly Field[], name: FlowStepName = 'token'): FlowStep {
    return this.post(name, this.#metadata.endpoint('token_endpoint'), fields);
  }

  /** RFC 8628 §3.1, §3.4. */
  device(): readonly FlowStep[] {
    const asked = this.post('ask', this.#metadata.endpoint('device_authorization_endpoint'), this.wanted());
    return [
      { ...asked, command: `${assign('RESPONSE', asked.command)}\n${pick('DEVICE_CODE', 'device_code')}` },
      { name: 'confirm', command: show('verification_uri_complete'), needs: [] },
      this.token(
        [
          ['grant_type', 'urn:ietf:params:oauth:grant-type:device_code'],
          ['device_code', new Variable('DEVICE_CODE')],
        ],
        'poll',
      ),
    ];
  }

  /** OpenID Connect CIBA §7.1, §10.1. */
  ciba(): readonly FlowStep[] {
    this.requireSecret('ciba');
    const { loginHint, scope = 'openid' } = this.#choice;
    if (loginHint === undefined) throw new TypeError('ciba needs a login hint: whom it is about');
    const wanted: readonly Field[] = [['scope', scope], ...this.wanted().filter(([name]) => name !== 'scope'), ['login_hint', loginHint]];
    const asked = this.post('ask', this.#metadata.endpoint('backchannel_authentication_endpoint'), wanted);
    return [
      { ...asked, command: `${assign('RESPONSE', asked.command)}\n${pick('AUTH_REQ_ID', 'auth_req_id')}` },
      this.token(
        [
          ['grant_type', 'urn:openid:params:grant-type:ciba'],
          ['auth_req_id', new Variable('AUTH_REQ_ID')],
        ],
        'poll',
      ),
    ];
  }

  post(name: FlowStepName, endpoint: string, fields: readonly Field[]): FlowStep {
    const { clientId, authentication } = this.#choice;
    const words = ['curl -sS'];
    // RFC 6749 §2.3.1: both halves are form-encoded; secrets that Hufu makes are as they were then.
    if (authentication === 'client_secret_basic') words.push(`-u ${quote(`${encodeURIComponent(clientId)}:`)}"$CLIENT_SECRET"`);
    const own: readonly Field[] =
      authentication === 'client_secret_basic'
        ? []
        : [['client_id', clientId], ...(authentication === 'none' ? [] : [['client_secret', new Variable('CLIENT_SECRET')] as const])];
    const all = [...fields, ...own];
    for (const [field, value] of all) {
      words.push(
        value instanceof Variable ? `--data-urlencode "${field}=$${value.name}"` : `--data-urlencode ${quote(`${field}=${value}`)}`,
      );
    }
    words.push(quote(endpoint));
    const variables = all.flatMap(([, value]) => (value instanceof Variable && !FOUND.has(value.name) ? [value.name] : []));
    const needs = authentication === 'client_secret_basic' ? ['CLIENT_SECRET', ...variables] : variables;
    return { name, command: words.join(' \\\n  '), needs };
  }

  /** What an authorization request says beside its client and its challenge (RFC 6749 §4.1.1). */
  #request(): readonly (readonly [string, string])[] {
    const { scope, resource } = this.#choice;
    return [
      ['response_type', 'code'],
      ['redirect_uri', this.#redirectUri()],
      ...(scope === undefined ? [] : [['scope', scope] as const]),
      ...(resource === undefined ? [] : [['resource', resource] as const]),
      ['code_challenge_method', 'S256'],
    ];
  }

  #redirectUri(): string {
    const { redirectUri } = this.#choice;
    if (redirectUri === undefined) throw new TypeError('a redirect URI is needed: where the browser comes back to');
    return redirectUri;
  }

  /** An address for a browser; what is behind `query` has variables. */
  #visit(query: string, withVariables: string): FlowStep {
    const endpoint = this.#metadata.endpoint('authorization_endpoint');
    const address = `${endpoint}${endpoint.includes('?') ? '&' : '?'}${query}`;
    return { name: 'authorize', command: `echo ${quote(address)}"${withVariables}"`, needs: [] };
  }
}

/** As one word of bash, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function assign(variable: string, command: string): string {
  return `${variable}=$(${command})`;
}

/** A member of the last response, which is one line of JSON. */
function pick(variable: string, member: string): string {
  return `${variable}=${valueOf(member)}`;
}

function show(member: string): string {
  return `echo ${valueOf(member)}`;
}

function valueOf(member: string): string {
  return `"$(printf %s "$RESPONSE" | sed -n 's/.*"${member}":"\\([^"]*\\)".*/\\1/p')"`;
}
