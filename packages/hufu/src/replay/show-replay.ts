import { checks } from '@hufu/server/decisions/checks';
import type { Change, Difference } from '@hufu/server/replay/differences';
import type { Replay } from '@hufu/server/replay/replay';
import type { LimitReplay } from '@hufu/server/replay/replay-limits';
import type { Paint } from '../diff.ts';
import { visible } from '../display-width.ts';
import { when } from '../table.ts';

/** What was asked and would be decided otherwise, as people read it. */
export function showReplay(told: Replay, file: string, paint: Paint): string {
  const { requests, differences, limits, first } = told;
  const lines = [
    `${file}, on what was asked from ${when(told.from)} to ${when(told.until)}`,
    ...differences.flatMap((one) => linesOf(one, paint)),
    ...limits.flatMap((one) => limitLines(one, paint)),
    ...told.secretsChange.map(
      (id) => `! client ${visible(id)}: its secret changes; who goes on with the old one is refused once the overlap is over`,
    ),
    ...told.usersLeftOut.map((name) => `! user ${visible(name)}: not in the file, which changes nothing: hufu user disable, or delete`),
    ...(told.untold.usersLeftOut ? ['! There may be more users who are not in the file.'] : []),
    summaryOf(told),
    `${requests.judged} judged again; ${requests.partly} up to an assertion, a grant or a proof that is not kept; ${requests.left} refused for what no file decides, and left so.`,
  ];
  if (told.untold.requests > 0)
    lines.push(
      `${told.untold.requests} of those that would be decided otherwise have more reasons than are told apart: nothing above is about them.`,
    );
  if (requests.lost > 0) lines.push(`${requests.lost} more came of which nothing is known: there was no room.`);
  if (first !== undefined && first > told.from + 60) lines.push(`Nothing is known from before ${when(first)}.`);
  return lines.join('\n');
}

function summaryOf({ requests, differences, untold }: Replay): string {
  if (requests.known === 0) return 'Nothing was asked in that time, as far as the store knows.';
  const clients = new Set(differences.map(({ clientId }) => clientId)).size;
  const changed = differences.reduce((sum, one) => sum + one.requests, untold.requests);
  if (changed === 0) return `All ${requests.known} requests would be decided as they were.`;
  return `${changed} of ${requests.known} requests would be decided otherwise; ${untold.requests > 0 ? 'at least ' : ''}${clients} ${clients === 1 ? 'client' : 'clients'}.`;
}

const WORDS: Readonly<Record<Change, readonly [mark: string, paint: Parameters<Paint>[0], words: string]>> = {
  refused: ['-', 'remove', 'would be refused'],
  asked_more: ['-', 'remove', 'would wait for the user, who has to sign in or to show more'],
  less: ['~', 'change', 'would get less'],
  allowed: ['+', 'add', 'would be allowed'],
  maybe_allowed: ['+', 'add', 'would get past what refused them'],
  more: ['~', 'change', 'would get more'],
};

function linesOf(one: Difference, paint: Paint): readonly string[] {
  const [mark, kind, words] = WORDS[one.change];
  const at = one.endpoint === 'authorize' ? 'authorization requests' : one.grantType;
  const known = Object.entries(checks).find(([name]) => name === one.check)?.[1];
  const example = one.examples[0];
  const others = one.users - one.usernames.length;
  return [
    paint(kind, visible(`${mark} client ${one.clientId}, ${at}: ${one.requests} ${words}`)),
    ...(one.users === 0 ? [] : [visible(`    users: ${one.usernames.join(', ')}${othersOf(others, one.moreUsers)}`)]),
    visible(`    ${known?.title ?? one.check}${one.detail === '' ? '' : `: ${one.detail}`}`),
    ...(one.setting === undefined ? [] : [`    setting: ${one.setting}`]),
    ...(example === undefined ? [] : [visible(`    such as ${when(example.at)}${askedOf(example.asked)}`)]),
  ];
}

function othersOf(others: number, more: boolean): string {
  if (more) return ` and at least ${others} others`;
  return others > 0 ? ` and ${others} others` : '';
}

function askedOf(asked: Readonly<Record<string, string>>): string {
  return Object.entries(asked)
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
    .join('');
}

function limitLines(one: LimitReplay, paint: Paint): readonly string[] {
  if (one.kind === 'not_judged') return [`? limit ${one.rule}: not judged, as ${one.why}`];
  const { refusedAtLeast: least, refusedAtMost: most, requests, refusedThen, clients, uncounted } = one;
  const beyond = uncounted === 0 ? [] : [`? limit ${one.rule}: ${uncounted} more requests were not judged, as there was no room`];
  if (most === 0) return beyond;
  const count = least === most ? `${most}` : `${least} to ${most}`;
  const names = clients.length === 0 ? '' : ` (${clients.join(', ')})`;
  const shadow = one.shadow ? ', if it were not a shadow' : '';
  return [
    paint(
      'remove',
      visible(
        `- limit ${one.rule}: ${count} of ${requests} token requests would be refused${shadow}${names}; limits refused ${refusedThen} of them then`,
      ),
    ),
    ...beyond,
  ];
}
