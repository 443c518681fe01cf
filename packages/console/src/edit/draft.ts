import { isMembers, type Members } from './members.ts';

/** What somebody was writing, and what they had begun with. */
export interface Draft {
  readonly base: Members;
  readonly etag: string;
  readonly value: Members;
}

const KEY = 'hufu-draft';

/** Kept over the sign-in that saving asks for, in this tab and no longer, for who wrote it (their `sub`): metadata and claims, never a secret. */
export function keepDraft(owner: string, name: string, draft: Draft): void {
  sessionStorage.setItem(KEY, JSON.stringify({ owner, name, ...draft }));
}

/** The draft of this name and person, once. Whatever else is there goes with it: somebody else may have signed in. */
export function takeDraft(owner: string, name: string): Draft | undefined {
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  const read: Readonly<Record<string, unknown>> = kept === null ? {} : Object(parsed(kept));
  const { base, etag, value } = read;
  const isMine = read['owner'] === owner && read['name'] === name;
  return isMine && isMembers(base) && isMembers(value) && typeof etag === 'string' ? { base, etag, value } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
