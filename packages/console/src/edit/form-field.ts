import type { MemberPath, Members } from './members.ts';
import { memberAt, withMember } from './members.ts';

/**
 * A member that has a field of its own. `lines`: a list, one a line. `words`: one text, whose spaces part scopes. `amount`: a number, or a length of time as hufu.yaml has
 * them. `flag`: true or not.
 */
export interface FormField {
  readonly path: MemberPath;
  readonly label: string;
  readonly hint?: string;
  readonly kind: 'text' | 'lines' | 'words' | 'amount' | 'flag' | 'choice' | 'choices';
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
}

export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly FormField[];
}

/** What stands in a field of text. */
export function textOf(value: Members, { path, kind }: Pick<FormField, 'path' | 'kind'>): string {
  const member = memberAt(value, path);
  if (kind === 'lines') return Array.isArray(member) ? member.map(String).join('\n') : '';
  return member === undefined || member === null ? '' : String(member);
}

/** What was typed, as the member that it means; nothing is no member. */
export function withText(value: Members, { path, kind }: Pick<FormField, 'path' | 'kind'>, text: string): Members {
  return withMember(value, path, memberOf(kind, text));
}

function memberOf(kind: FormField['kind'], text: string): unknown {
  // What is typed goes back into the field: a space or a line at its end is one that somebody is about to write behind.
  if (text.trim() === '') return undefined;
  if (kind === 'lines') return text.split('\n');
  return kind === 'amount' && /^\d{1,15}$/.test(text) ? Number(text) : text;
}

/** Without what only typing leaves behind: blank lines, and spaces at the ends. */
export function tidied(value: Members, groups: readonly FieldGroup[]): Members {
  return groups
    .flatMap(({ fields }) => fields)
    .reduce((done, { path, kind }) => {
      const member = memberAt(done, path);
      if (kind === 'lines' && Array.isArray(member)) {
        const lines = member.map((line) => (typeof line === 'string' ? line.trim() : line)).filter((line) => line !== '');
        // A list that was empty before stays one: that is no change.
        return withMember(done, path, lines.length === 0 && member.length > 0 ? undefined : lines);
      }
      if (typeof member !== 'string') return done;
      if (kind === 'words') return withMember(done, path, member.trim().split(/\s+/).join(' '));
      return kind === 'text' || kind === 'amount' ? withMember(done, path, member.trim()) : done;
    }, value);
}
