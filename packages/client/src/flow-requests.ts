import { PROOF_FUNCTIONS } from './flow-proof.ts';
import type { EndpointName, ServerMetadata } from './server-metadata.ts';

/** What can be asked of an authorization server, and with what it can be shown by hand. */
export const FLOWS = [
  'authorization_code',
  'pushed_authorization_code',
  'implicit',
  'client_credentials',
  'password',
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

/**
 * How a client proves itself in commands: what proves it is never written down. A secret is taken from `$CLIENT_SECRET`, an assertion (RFC 7523 §2.2) from
 * `$CLIENT_ASSERTION`, a certificate and its key from the files that `$CLIENT_CERT` and `$CLIENT_KEY` name (RFC 8705 §2).
 */
export const FLOW_AUTHENTICATIONS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth', 'none'] as const;

export type FlowAuthentication = (typeof FLOW_AUTHENTICATIONS)[number];

/** Who asks, and for what. */
export interface FlowChoice {
  readonly clientId: string;
  readonly authentication: FlowAuthentication;
  /** Needed where a browser comes back. */
  readonly redirectUri?: string;
  readonly scope?: string;
  /** RFC 8707. */
  readonly resource?: string;
  /** Whom a CIBA request is about, and whose password is sent. */
  readonly loginHint?: string;
  /** `off`: without a code challenge (RFC 7636), for a client that may do without. */
  readonly pkce?: 'off';
  /** Whether tokens are bound to a key, which the commands make and prove (RFC 9449 §4). */
  readonly dpop?: boolean;
  /** Further parameters of the request that begins the flow, such as `prompt` or `authorization_details`. */
  readonly more?: readonly (readonly [name: string, value: string])[];
}

export type FlowStepName =
  | 'dpop_key'
  | 'dpop_proof'
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
  return [...write.proving(flow), ...stepsOf(write, flow)];
}

function stepsOf(write: CurlWriter, flow: FlowName): readonly FlowStep[] {
  switch (flow) {
    case 'authorization_code':
      return [...write.verifier(), write.authorize(), write.exchange()];
    case 'pushed_authorization_code':
      return [...write.verifier(), write.push(), write.authorizePushed(), write.exchange()];
    case 'implicit':
      return [write.authorizeAtOnce()];
    case 'password':
      return [write.password()];
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
      return [write.userinfo()];
    case 'introspect':
      write.requireSecret(flow);
      return [write.post('introspect', 'introspection_endpoint', [['token', new Variable('TOKEN')]])];
    case 'revoke':
      return [write.post('revoke', 'revocation_endpoint', [['token', new Variable('TOKEN')]])];
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

/** What the holder of a token is asked for, and what binds a new one: these begin with no key of their own. */
const WITH_A_KEY_THAT_IS_THERE: ReadonlySet<FlowName> = new Set(['refresh_token', 'userinfo']);
const WITHOUT_A_PROOF: ReadonlySet<FlowName> = new Set(['implicit', 'introspect', 'revoke']);

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

  /** A key, and how it is proved; nothing where tokens are bound to none. */
  proving(flow: FlowName): readonly FlowStep[] {
    if (this.#choice.dpop !== true || WITHOUT_A_PROOF.has(flow)) return [];
    const isThere = WITH_A_KEY_THAT_IS_THERE.has(flow);
    const make = 'DPOP_KEY=$(mktemp)\nopenssl ecparam -name prime256v1 -genkey -noout -out "$DPOP_KEY"';
    return [
      ...(isThere ? [] : [{ name: 'dpop_key', command: make, needs: [] } as const]),
      { name: 'dpop_proof', command: PROOF_FUNCTIONS, needs: isThere ? ['DPOP_KEY'] : [] },
    ];
  }

  wanted(): readonly Field[] {
    const { scope, resource, more = [] } = this.#choice;
    return [
      ...(scope === undefined ? [] : [['scope', scope] as const]),
      ...(resource === undefined ? [] : [['resource', resource] as const]),
      ...more,
    ];
  }

  /** RFC 7636 §4.1, §4.2: what `openssl` makes of 32 bytes of chance. */
  verifier(): readonly FlowStep[] {
    if (this.#choice.pkce === 'off') return [];
    const url = `tr '+/' '-_' | tr -d '=\\n'`;
    const command = [
      `VERIFIER=$(openssl rand -base64 32 | ${url})`,
      `CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 | ${url})`,
    ].join('\n');
    return [{ name: 'verifier', command, needs: [] }];
  }

  authorize(): FlowStep {
    return this.#visit(this.#query(this.#request('code')), this.#choice.pkce === 'off' ? '' : '&code_challenge=$CHALLENGE');
  }

  /** OpenID Connect Core §3.2.2.1: without a nonce an ID token could be one that somebody has brought. */
  authorizeAtOnce(): FlowStep {
    const { more = [] } = this.#choice;
    const own = more.find(([name]) => name === 'response_type')?.[1] ?? 'id_token token';
    const step = this.#visit(this.#query(this.#request(own).filter(([name]) => name !== 'code_challenge_method')), '');
    if (more.some(([name]) => name === 'nonce')) return step;
    return { ...step, command: step.command.replace(/^echo /, 'NONCE=$(openssl rand -hex 16)\necho ').concat('"&nonce=$NONCE"') };
  }

  /** RFC 9126 §2. */
  push(): FlowStep {
    const challenge: readonly Field[] = this.#choice.pkce === 'off' ? [] : [['code_challenge', new Variable('CHALLENGE')]];
    const step = this.post('push', 'pushed_authorization_request_endpoint', [...this.#request('code'), ...challenge]);
    return { ...step, command: `${assign('RESPONSE', step.command)}\n${pick('REQUEST_URI', 'request_uri')}` };
  }

  authorizePushed(): FlowStep {
    return this.#visit(this.#query([]), '&request_uri=$REQUEST_URI');
  }

  exchange(): FlowStep {
    return this.token(
      [
        ['grant_type', 'authorization_code'],
        ['code', new Variable('CODE')],
        ['redirect_uri', this.#redirectUri()],
        ...(this.#choice.pkce === 'off' ? [] : [['code_verifier', new Variable('VERIFIER')] as const]),
      ],
      'exchange',
    );
  }

  token(fields: readonly Field[], name: FlowStepName = 'token'): FlowStep {
    return this.post(name, 'token_endpoint', fields);
  }

  /** RFC 6749 §4.3, which RFC 9700 §2.4 forbids: there only to see what is left of it. */
  password(): FlowStep {
    const { loginHint } = this.#choice;
    if (loginHint === undefined) throw new TypeError('password needs a login hint: whose it is');
    return this.token([['grant_type', 'password'], ['username', loginHint], ['password', new Variable('PASSWORD')], ...this.wanted()]);
  }

  /** OpenID Connect Core §5.3.1. */
  userinfo(): FlowStep {
    const url = quote(this.#metadata.endpoint('userinfo_endpoint'));
    const headers =
      this.#choice.dpop === true
        ? [`-H "Authorization: DPoP $TOKEN"`, `-H "DPoP: $(proof GET ${url} "$TOKEN")"`]
        : ['-H "Authorization: Bearer $TOKEN"'];
    return { name: 'userinfo', command: ['curl -sS', ...headers, url].join(headers.length > 1 ? ' \\\n  ' : ' '), needs: ['TOKEN'] };
  }

  /** RFC 8628 §3.1, §3.4. */
  device(): readonly FlowStep[] {
    const asked = this.post('ask', 'device_authorization_endpoint', this.wanted());
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
    const asked = this.post('ask', 'backchannel_authentication_endpoint', wanted);
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

  post(name: FlowStepName, endpointName: EndpointName, fields: readonly Field[]): FlowStep {
    const { authentication, dpop = false } = this.#choice;
    const endpoint = this.#metadata.endpoint(endpointName, authentication === 'tls_client_auth' ? 'mtls' : undefined);
    const own = this.#proof();
    const all = [...fields, ...own.fields];
    const words = ['curl -sS', ...own.words];
    if (dpop && endpointName === 'token_endpoint') words.push(`-H "DPoP: $(proof POST ${quote(endpoint)})"`);
    for (const [field, value] of all) {
      words.push(
        // curl encodes the value alone.
        value instanceof Variable
          ? `--data-urlencode "${field}=$${value.name}"`
          : `--data-urlencode ${quote(`${encodeURIComponent(field)}=${value}`)}`,
      );
    }
    words.push(quote(endpoint));
    const variables = all.flatMap(([, value]) => (value instanceof Variable && !FOUND.has(value.name) ? [value.name] : []));
    return { name, command: words.join(' \\\n  '), needs: [...own.needs, ...variables] };
  }

  /** How the client proves itself (RFC 6749 §2.3). */
  #proof(): { readonly words: readonly string[]; readonly fields: readonly Field[]; readonly needs: readonly string[] } {
    const { clientId, authentication } = this.#choice;
    const id: Field = ['client_id', clientId];
    switch (authentication) {
      case 'client_secret_basic':
        // RFC 6749 §2.3.1: both halves are form-encoded; secrets that Hufu makes are as they were then.
        return { words: [`-u ${quote(`${encodeURIComponent(clientId)}:`)}"$CLIENT_SECRET"`], fields: [], needs: ['CLIENT_SECRET'] };
      case 'client_secret_post':
        return { words: [], fields: [id, ['client_secret', new Variable('CLIENT_SECRET')]], needs: [] };
      case 'private_key_jwt':
        return {
          words: [],
          fields: [
            id,
            ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
            ['client_assertion', new Variable('CLIENT_ASSERTION')],
          ],
          needs: [],
        };
      case 'tls_client_auth':
        return { words: ['--cert "$CLIENT_CERT" --key "$CLIENT_KEY"'], fields: [id], needs: ['CLIENT_CERT', 'CLIENT_KEY'] };
      case 'none':
        return { words: [], fields: [id], needs: [] };
    }
  }

  /** What an authorization request says beside its client and its challenge (RFC 6749 §4.1.1). */
  #request(responseType: string): readonly (readonly [string, string])[] {
    const { scope, resource, pkce, more = [] } = this.#choice;
    return [
      ['response_type', responseType],
      ['redirect_uri', this.#redirectUri()],
      ...(scope === undefined ? [] : [['scope', scope] as const]),
      ...(resource === undefined ? [] : [['resource', resource] as const]),
      ...more.filter(([name]) => name !== 'response_type'),
      ...(pkce === 'off' ? [] : [['code_challenge_method', 'S256'] as const]),
    ];
  }

  #query(fields: readonly (readonly [string, string])[]): string {
    return [['client_id', this.#choice.clientId] as const, ...fields]
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .join('&');
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
    return { name: 'authorize', command: `echo ${quote(address)}${withVariables === '' ? '' : `"${withVariables}"`}`, needs: [] };
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
