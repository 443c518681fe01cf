import type { FlowAuthentication, FlowChoice, FlowName } from '@hufu/client/flow-requests';
import { type Members, memberAt } from '../edit/members.ts';

/** What somebody has filled in. That a request is pushed ahead is a choice of the code flow, and no flow of its own. */
export interface FlowForm {
  readonly flow: Exclude<FlowName, 'pushed_authorization_code'>;
  readonly clientId: string;
  readonly authentication: FlowAuthentication;
  readonly redirectUri: string;
  readonly scope: string;
  readonly resource: string;
  readonly loginHint: string;
  readonly pkce: boolean;
  readonly dpop: boolean;
  readonly pushed: boolean;
  /** One a line, `name=value`. */
  readonly more: string;
}

export const EMPTY_FORM: FlowForm = {
  flow: 'authorization_code',
  clientId: '',
  authentication: 'client_secret_basic',
  redirectUri: '',
  scope: '',
  resource: '',
  loginHint: '',
  pkce: true,
  dpop: false,
  pushed: false,
  more: '',
};

/** Which fields a flow has. */
export const FIELDS: Readonly<Record<FlowForm['flow'], readonly ('redirectUri' | 'wanted' | 'loginHint' | 'pkce' | 'dpop' | 'pushed')[]>> =
  {
    authorization_code: ['redirectUri', 'wanted', 'pkce', 'pushed', 'dpop'],
    implicit: ['redirectUri', 'wanted'],
    client_credentials: ['wanted', 'dpop'],
    password: ['loginHint', 'wanted', 'dpop'],
    refresh_token: ['dpop'],
    device_code: ['wanted', 'dpop'],
    ciba: ['loginHint', 'wanted', 'dpop'],
    token_exchange: ['wanted', 'dpop'],
    jwt_bearer: ['wanted', 'dpop'],
    userinfo: ['dpop'],
    introspect: [],
    revoke: [],
  };

/** The grant type that a client has to be registered for (RFC 7591 §2). */
const GRANT_TYPES: Partial<Readonly<Record<FlowForm['flow'], string>>> = {
  authorization_code: 'authorization_code',
  implicit: 'implicit',
  client_credentials: 'client_credentials',
  password: 'password',
  refresh_token: 'refresh_token',
  device_code: 'urn:ietf:params:oauth:grant-type:device_code',
  ciba: 'urn:openid:params:grant-type:ciba',
  token_exchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  jwt_bearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
};

/** What cannot be without: the requests are not written before it is there. */
export type Missing = 'client' | 'redirectUri' | 'loginHint' | 'secret';

export function missingIn({ flow, clientId, authentication, redirectUri, loginHint }: FlowForm): readonly Missing[] {
  const fields = FIELDS[flow];
  const needsSecret = flow === 'client_credentials' || flow === 'introspect' || flow === 'ciba';
  return [
    ...(clientId.trim() === '' ? ['client' as const] : []),
    ...(fields.includes('redirectUri') && redirectUri.trim() === '' ? ['redirectUri' as const] : []),
    ...(fields.includes('loginHint') && loginHint.trim() === '' ? ['loginHint' as const] : []),
    ...(needsSecret && authentication === 'none' ? ['secret' as const] : []),
  ];
}

/** Why the server would refuse what is asked, as far as the client's metadata tells. */
export type Doubt = 'grantType' | 'redirectUri' | 'scope' | 'dpop' | 'pushed' | 'pkce' | 'authentication';

export function doubtsAbout(form: FlowForm, metadata: Members): readonly Doubt[] {
  const fields = FIELDS[form.flow];
  const has = (name: 'redirectUri' | 'wanted' | 'pkce' | 'dpop' | 'pushed'): boolean => fields.includes(name);
  const grantType = GRANT_TYPES[form.flow];
  const scopes = memberAt(metadata, ['scope']);
  const asked = form.scope.split(/\s+/).filter((scope) => scope !== '');
  const doubts: Readonly<Record<Doubt, boolean>> = {
    grantType: grantType !== undefined && !textsAt(metadata, 'grant_types', ['authorization_code']).includes(grantType),
    redirectUri: has('redirectUri') && form.redirectUri !== '' && !textsAt(metadata, 'redirect_uris').includes(form.redirectUri.trim()),
    scope: has('wanted') && typeof scopes === 'string' && asked.some((scope) => !scopes.split(' ').includes(scope)),
    dpop: has('dpop') && !form.dpop && memberAt(metadata, ['dpop_bound_access_tokens']) === true,
    pushed: has('pushed') && !form.pushed && memberAt(metadata, ['require_pushed_authorization_requests']) === true,
    pkce: has('pkce') && !form.pkce && memberAt(metadata, ['hufu', 'pkce']) !== 'optional',
    authentication: form.flow !== 'userinfo' && form.authentication !== authenticationOf(metadata),
  };
  return (Object.keys(doubts) as Doubt[]).filter((name) => doubts[name]);
}

/** A form for a client: what it has registered is filled in, what was chosen stays. */
export function filledIn(form: FlowForm, metadata: Members): FlowForm {
  const [redirectUri = ''] = textsAt(metadata, 'redirect_uris');
  const grants = textsAt(metadata, 'grant_types', ['authorization_code']);
  const own = GRANT_TYPES[form.flow];
  const first = (Object.keys(GRANT_TYPES) as FlowForm['flow'][]).find(
    (flow) => flow !== 'refresh_token' && grants.includes(GRANT_TYPES[flow] ?? ''),
  );
  const scope = memberAt(metadata, ['scope']);
  return {
    ...form,
    flow: own === undefined || grants.includes(own) ? form.flow : (first ?? form.flow),
    authentication: authenticationOf(metadata),
    redirectUri,
    scope: typeof scope === 'string' ? scope : '',
    dpop: memberAt(metadata, ['dpop_bound_access_tokens']) === true,
    pushed: memberAt(metadata, ['require_pushed_authorization_requests']) === true,
    pkce: true,
  };
}

/** The form as the requests are written from. */
export function choiceOf(form: FlowForm): { readonly flow: FlowName; readonly choice: FlowChoice } {
  const fields = FIELDS[form.flow];
  const given = (name: 'redirectUri' | 'loginHint' | 'scope' | 'resource', isUsed: boolean): Partial<FlowChoice> => {
    const text = form[name].trim();
    return isUsed && text !== '' ? { [name]: text } : {};
  };
  const more = fields.includes('wanted') ? parametersOf(form.more) : [];
  return {
    flow: form.flow === 'authorization_code' && form.pushed ? 'pushed_authorization_code' : form.flow,
    choice: {
      clientId: form.clientId.trim(),
      authentication: form.authentication,
      ...given('redirectUri', fields.includes('redirectUri')),
      ...given('loginHint', fields.includes('loginHint')),
      ...given('scope', fields.includes('wanted')),
      ...given('resource', fields.includes('wanted')),
      ...(more.length > 0 && { more }),
      ...(fields.includes('pkce') && !form.pkce && { pkce: 'off' }),
      ...(fields.includes('dpop') && form.dpop && { dpop: true }),
    },
  };
}

/** Parameters, one a line; a line without a name is none. */
function parametersOf(text: string): readonly (readonly [string, string])[] {
  return text.split('\n').flatMap((line) => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const] : [];
  });
}

function authenticationOf(metadata: Members): FlowAuthentication {
  switch (memberAt(metadata, ['token_endpoint_auth_method'])) {
    case 'client_secret_post':
      return 'client_secret_post';
    case 'client_secret_jwt':
    case 'private_key_jwt':
      return 'private_key_jwt';
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
      return 'tls_client_auth';
    case 'none':
      return 'none';
    default:
      return 'client_secret_basic';
  }
}

function textsAt(metadata: Members, name: string, usual: readonly string[] = []): readonly string[] {
  const member = memberAt(metadata, [name]);
  return Array.isArray(member) ? member.filter((one): one is string => typeof one === 'string') : usual;
}
