import { demanded, free, type KnownDifference, lacking } from './known-difference.ts';

/** At the registration endpoint and in what it answers. */
export const REGISTRATION_DIFFERENCES: readonly KnownDifference[] = [
  free(
    /^\/oauth\/register/,
    'client contacts',
    ['there', 'nothing'],
    'RFC 7591 §3.2.1',
    'Everything that is registered is told, an empty list too.',
  ),
  ...['backchannel_logout_session_required', 'require_signed_request_object'].map((name) =>
    free(
      /^\/oauth\/register/,
      `client ${name}`,
      ['nothing', 'there'],
      'RFC 7591 §3.2.1',
      'Left out where it is false, as it is by default.',
    ),
  ),
  demanded(
    /^\/oauth\/register: a (response type without its grant type|grant type without its response type)$/,
    'outcome',
    ['400: invalid_client_metadata', '201: done'],
    'RFC 7591 §2.1',
    'A client should not be able to register itself into a state that contradicts itself.',
  ),
  free(
    '/oauth/register: client_credentials alone',
    'outcome',
    ['400: invalid_client_metadata', '201: done'],
    'RFC 7591 §2',
    'Tokens without a user are for clients that an administrator knows.',
  ),
  free(
    '/oauth/register: null as a name',
    'outcome',
    ['201: done', '400: invalid_client_metadata'],
    'RFC 7592 §2.2',
    'Null is as good as left out, there and here.',
  ),
  lacking(
    '/oauth/register: a name in Chinese',
    'client client_name#zh-CN',
    ['there', 'nothing'],
    'RFC 7591 §2.2',
    'Names in several languages.',
  ),
  demanded(
    '/oauth/register: jwks_uri on http',
    'outcome',
    ['400: invalid_client_metadata', '201: done'],
    'OpenID Connect Registration §2',
    'Whoever is on the way could put keys of his own there.',
  ),
  free(
    /^\/oauth\/register, a client: (read|replace)$/,
    'client client_secret',
    ['nothing', 'there'],
    'RFC 7592 §3',
    'The secret is shown once and not kept where it could be read.',
  ),
  free(
    /^\/oauth\/register, a client: (read|replace)$/,
    'client client_secret_expires_at',
    ['nothing', '0'],
    'RFC 7592 §3',
    'Stands beside a secret, and there is none in the answer.',
  ),
  free(
    /^\/oauth\/register, a client: replace (without client_id|with another client_(id|secret))$/,
    'outcome',
    ['400: invalid_client_metadata', '400: invalid_request'],
    'RFC 7592 §2.2',
    'Both refuse; it is a member of the metadata that is wrong.',
  ),
];
