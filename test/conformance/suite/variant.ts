/** The response types of OpenID Connect Core §3, as the conformance suite writes them. */
export const RESPONSE_TYPES = ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'] as const;

export type ResponseType = (typeof RESPONSE_TYPES)[number];
export type ClientAuth = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** What one run of a module varies in. */
export interface Variant {
  readonly responseType: ResponseType;
  readonly responseMode: 'default' | 'form_post';
  /** Whether the client registers itself (OpenID Connect Registration §3) or stands in hufu.yaml. */
  readonly registration: 'dynamic' | 'static';
  readonly clientAuth: ClientAuth;
  /** `scriptless`: forms, redirects and cookies alone. */
  readonly browser: 'scriptless' | 'chromium';
}

/** Whether a response type brings this from the authorization endpoint. */
export function brings(responseType: ResponseType, part: 'code' | 'id_token' | 'token'): boolean {
  return responseType.split(' ').includes(part);
}
