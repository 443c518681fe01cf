import { AdminError } from '@hufu/client/admin';
import { ClientError } from '@hufu/client/client-error';
import { RefusedError } from '../command.ts';
import type { Reach } from './reach.ts';

/** What went wrong at the admin API as a person reads it: why, and what to do next. Anything else is handed back as it is. */
export function explainRefusal(error: unknown, { issuer, isAccount }: Reach): unknown {
  if (!(error instanceof ClientError)) return error;
  if (!(error instanceof AdminError)) return new RefusedError(error.message);
  const next = nextOf(error, issuer, isAccount);
  const parts = error.errors.map(({ pointer, detail }) => `  ${pointer === '' ? 'the body' : pointer}: ${detail}`);
  const why = error.decision === undefined ? [] : [`hufu why ${error.decision} explains it.`];
  return new RefusedError([`${error.message}${next === '' ? '' : `: ${next}`}`, ...parts, ...why].join('\n'));
}

function nextOf({ code, retryAfterSeconds }: AdminError, issuer: string, isAccount: boolean): string {
  const login = `hufu login --issuer ${issuer} --admin owner`;
  switch (code) {
    case 'invalid_token':
      return isAccount ? login : 'HUFU_TOKEN has to be a live access token for the admin API';
    case 'insufficient_scope':
      return isAccount ? `sign in for more: ${login}` : 'ask for the scope when you get HUFU_TOKEN';
    case 'access_denied':
      return 'hufu administrator me shows your role; an owner gives another one';
    case 'insufficient_user_authentication':
      return `${login} --fresh, and once more`;
    case 'precondition_failed':
      return 'look at it again, and repeat';
    case 'too_many_requests':
    case 'temporarily_unavailable':
      return retryAfterSeconds === undefined ? 'try again in a moment' : `try again in ${retryAfterSeconds} seconds`;
    default:
      return '';
  }
}
