import { demanded, free, type KnownDifference } from './known-difference.ts';

/** In how clients prove themselves, at every endpoint that asks them to. */
export const CLIENT_DIFFERENCES: readonly KnownDifference[] = [
  demanded(/./, 'challenge', ['Basic', 'nothing'], 'RFC 9110 §15.5.2', 'A 401 has a challenge, whatever way the client tried.'),
  free(/./, 'challenge', ['Basic', 'Basic invalid_client'], 'RFC 7617 §2', 'Basic has a realm and a charset; the error is in the body.'),
  demanded(
    /^(client: (nothing|a secret in the body without a name|an assertion without a type)|refresh: without a proof|\/oauth\/(introspect|revoke): without a proof)$/,
    'outcome',
    ['401: invalid_client', '400: invalid_request'],
    'RFC 6749 §5.2',
    'No client authentication is invalid_client.',
  ),
  demanded(
    /^client: (an empty secret|the header, and another name in the body|a header without a colon|a header that is no Base64|an empty header|Bearer|an assertion of an unknown type)$/,
    'outcome',
    ['401: invalid_client', '400: invalid_request'],
    'RFC 6749 §5.2',
    'A client that tried with the header gets a 401; an unknown way to prove oneself is invalid_client.',
  ),
  demanded(
    /^assertion: ((keyed|maced): another client's name|another assertion type|"x"|"a\.b\.c"|"")$/,
    'outcome',
    ['401: invalid_client', '400: invalid_request'],
    'RFC 7521 §4.2.1',
    'An assertion that is not valid is invalid_client.',
  ),
  free(
    /^client(: in the body instead of the header| post: in the header instead of the body)$/,
    'outcome',
    ['401: invalid_client', '200: done'],
    'OpenID Connect Core §9',
    'A client uses the method that it registered; the other one takes either.',
  ),
  free(
    'assertion: aud is a list with another server in it',
    'outcome',
    ['401: invalid_client', '400: invalid_grant'],
    'RFC 7523 §3',
    'That other server could present it here. A client that wants to be safe names one.',
  ),
  free(
    'assertion: exp is a year ahead',
    'outcome',
    ['401: invalid_client', '400: invalid_grant'],
    'RFC 7523 §3',
    'A server may refuse what ends unreasonably late.',
  ),
  free(
    'assertion: iat is an hour ahead',
    'outcome',
    ['401: invalid_client', '400: invalid_grant'],
    'RFC 7523 §3',
    'It comes from a time that is not yet.',
  ),
  free(
    'assertion: typ is that of an access token',
    'outcome',
    ['401: invalid_client', '400: invalid_grant'],
    'RFC 8725 §3.11',
    'A JWT that says it is something else was made for something else.',
  ),
];
