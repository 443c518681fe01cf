import { isSame } from './diff.ts';
import { type Members, memberAt } from './members.ts';

const PROOFS = ['token_endpoint_auth_method', 'jwks', 'jwks_uri', 'subject_type', 'sector_identifier_uri'] as const;
const PLACES = ['redirect_uris', 'post_logout_redirect_uris'] as const;

/** Whether somebody else could stand behind the client after the change, for which the server ends its grants. It judges by itself; this is for what is said before. */
export function endsGrants(before: Members, after: Members): boolean {
  const isTls = (name: string): boolean => name.startsWith('tls_client_auth_');
  const proofs = [...PROOFS, ...[...Object.keys(before), ...Object.keys(after)].filter(isTls)];
  if (proofs.some((name) => !isSame(memberAt(before, [name]), memberAt(after, [name])))) return true;
  return !isSame(hostsOf(before), hostsOf(after));
}

/** Where its answers go, without paths. */
function hostsOf(value: Members): readonly string[] {
  const uris = PLACES.flatMap((name) => {
    const member = memberAt(value, [name]);
    return Array.isArray(member) ? member.map(String) : [];
  });
  return [...new Set(uris.map(hostOf))].toSorted();
}

function hostOf(uri: string): string {
  const url = URL.parse(uri);
  return url === null || url.origin === 'null' ? uri : url.origin;
}
