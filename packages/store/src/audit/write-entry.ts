import type { Acting, AuditEntry } from '../port/audit.ts';
import { type AuditedVerb, type Told, tellAudited } from './audited-verbs.ts';
import { canonicalEntry, cutText, writeDetails } from './chain.ts';

/** The entry of a verb that was called with `args` (the tenant first) and has answered; undefined where nothing has changed. */
export function entryOf(
  acting: Acting,
  verb: AuditedVerb,
  args: readonly unknown[],
  answer: unknown,
): Omit<AuditEntry, 'id' | 'mac'> | undefined {
  const told = tellAudited(verb, args, answer);
  if (told === undefined) return undefined;
  const { actor, via, requestId } = acting;
  const target = acting.target ?? targetOf(acting, told);
  return {
    atMs: acting.nowMs(),
    actor: { kind: actor.kind, id: cutText(actor.id, MAX_NAME) },
    via: cutText(via, MAX_NAME),
    requestId: cutText(requestId, MAX_NAME),
    action: told.action,
    target: { kind: target.kind, id: cutText(target.id, MAX_NAME) },
    details: writeDetails({ ...told.details, ...acting.details }),
  };
}

/** With the number that it has got. */
export function signEntry(acting: Acting, tenant: number, id: number, entry: Omit<AuditEntry, 'id' | 'mac'>): AuditEntry {
  const numbered = { ...entry, id };
  return { ...numbered, mac: acting.mac(canonicalEntry(tenant, numbered)) };
}

/** Where nobody said who it is: nothing is signed, and whoever verifies with the key sees that. */
export const NOBODY: Acting = { actor: { kind: 'system', id: '' }, via: '', requestId: '', nowMs: () => 0, mac: () => '' };

const MAX_NAME = 512;

function targetOf({ about }: Acting, { user, target }: Told): { readonly kind: string; readonly id: string } {
  if (user === undefined) return target ?? { kind: 'tenant', id: '' };
  return { kind: 'user', id: about !== undefined && about.id === user ? about.sub : `#${user}` };
}
