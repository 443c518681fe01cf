import type { ConfigChange } from '@hufu/server/jobs/plan-config';
import { tellEffect } from '../admin/ask-first.ts';
import { differences, type Paint, showDifferences } from '../diff.ts';
import { visible } from '../display-width.ts';

/** What a start would change in the store, as people read it. */
export function showConfigPlan(changes: readonly ConfigChange[], file: string, paint: Paint): string {
  const lines = changes.flatMap((change) => linesOf(change, paint));
  const ending = changes.reduce(
    (sum, change) => sum + (change.kind === 'grants_end' || change.kind === 'client_disabled' ? change.grants : 0),
    0,
  );
  const count = changes.filter(({ kind }) => kind !== 'warning').length;
  const summary =
    count === 0
      ? 'Clients and users in the store are as the file has them.'
      : `${count} ${count === 1 ? 'change' : 'changes'}; ${ending} live grants end or are suspended.`;
  return [file, ...lines, summary].join('\n');
}

function linesOf(change: ConfigChange, paint: Paint): readonly string[] {
  switch (change.kind) {
    case 'client_added':
      return [paint('add', `+ client ${change.clientId}`), ...indent(showDifferences(differences({}, change.metadata)))];
    case 'client_changed':
      return [
        paint('change', `~ client ${change.clientId}`),
        ...indent([
          ...showDifferences(differences(change.before, change.after)),
          ...(change.secretsChange ? ['its secrets change (not shown)'] : []),
          ...(change.comesBack ? ['it is enabled again: what was granted to it goes on'] : []),
          ...(change.takenFrom === undefined ? [] : [`it was not of the file until now (${change.takenFrom})`]),
        ]),
      ];
    case 'client_disabled':
      return [
        paint('remove', `- client ${change.clientId}: not in the file, it is disabled`),
        ...indent([paint('warn', `! ${tellEffect({ ...change, ...REST }, change.usernames)} suspended`)]),
      ];
    case 'grants_end':
      return [
        paint(
          'warn',
          `! client ${change.clientId} proves itself in another way, or knows its users by other names: ${tellEffect({ ...change, ...REST }, change.usernames)} end`,
        ),
      ];
    case 'user_added':
      return [paint('add', `+ user ${visible(change.username)}`), ...indent(showDifferences(differences({}, change.claims)))];
    case 'claims_changed':
      return [paint('change', `~ user ${visible(change.username)}`), ...indent(showDifferences(differences(change.before, change.after)))];
    case 'warning':
      return [paint('warn', `! user ${visible(change.about)}: ${WARNINGS[change.event]}`)];
  }
}

const REST = { dry_run: true, capped: false } as const;
const WARNINGS = {
  'config.user_taken': 'somebody else has the name, or the subject; they stay as they are',
  'config.email_taken': 'somebody else has shown that the address is theirs; it does not count as verified here',
} as const;

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `    ${line}`);
}
