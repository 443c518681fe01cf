import type { AuditParty } from '@hufu/protocol/admin/audit';
import { Link } from '@tanstack/react-router';

/** Who or what an entry names: where there is a page of it, the way there. */
export function Party({ party: { kind, id } }: { readonly party: AuditParty }) {
  return (
    <>
      {kind} <PartyLink kind={kind} id={id} />
    </>
  );
}

function PartyLink({ kind, id }: AuditParty) {
  const name = <code>{id}</code>;
  switch (id === '' ? '' : kind) {
    case 'user':
    case 'admin':
    case 'administrator':
      return (
        <Link className="link" to="/users/$sub" params={{ sub: id }}>
          {name}
        </Link>
      );
    case 'client':
      return (
        <Link className="link" to="/clients/$id" params={{ id }}>
          {name}
        </Link>
      );
    case 'limit':
      return (
        <Link className="link" to="/limits/$name" params={{ name: id }}>
          {name}
        </Link>
      );
    case 'webhook':
      return (
        <Link className="link" to="/webhooks/$id" params={{ id }}>
          {name}
        </Link>
      );
    default:
      return name;
  }
}

/** A party as a filter has it, and as it stands in the address: `admin sub-1`. */
export function partyText({ kind, id }: AuditParty): string {
  return id === '' ? kind : `${kind} ${id}`;
}

/** What of it is typed so far; undefined: nothing. */
export function readParty(text: string | undefined): AuditParty | undefined {
  const [, kind, id = ''] = /^(\S+)(?:\s+(.*))?$/.exec(text?.trim() ?? '') ?? [];
  return kind === undefined ? undefined : { kind, id };
}
