import type { Form } from '@hufu/protocol/form';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import { type OwnPage, readOwnPage } from './own-page.ts';
import { readUnderWay, type UnderWay } from './way.ts';

/** What somebody signs in or signs up for: a request under way, or else a page of ours. */
export interface Aim {
  /** The request's ticket as it came. */
  readonly text: string | undefined;
  readonly way: UnderWay | undefined;
  readonly next: OwnPage;
  /** Everything has to be shown now: no device is trusted, and mail is not enough for somebody who has more (`requireRecent`). */
  readonly fresh?: boolean;
  /** The level (`tokens/acr.ts`) that the page wants; 0 for none. It says what to ask for and no more: the page judges what comes of it (`requireLevel`). */
  readonly level?: number;
}

/** What the parameters of a page aim at. Throws as `readUnderWay` does. */
export async function readAim(ctx: Context, http: HttpRequest, sent: Pick<Form, 'get'>, trail: Trail): Promise<Aim> {
  const text = sent.get('request');
  const way = text === undefined || text === '' ? undefined : await readUnderWay(ctx, http, text, trail);
  const next = readOwnPage(sent.get('next'));
  const level = LEVELS.find((one) => way === undefined && String(one) === sent.get('level')) ?? 0;
  return { text: way === undefined ? undefined : text, way, next, fresh: sent.get('fresh') === '1', level };
}

/** Those that a password alone does not reach. */
const LEVELS = [2, 3] as const;

/** The parameters that bring a page back to the same aim. */
export function aimParameters({ text, next, fresh, level = 0 }: Aim): readonly (readonly [string, string])[] {
  if (text !== undefined) return [['request', text]];
  return [
    ...(next === 'account' ? [] : [['next', next] as const]),
    ...(fresh === true ? [['fresh', '1'] as const] : []),
    ...(level === 0 ? [] : [['level', String(level)] as const]),
  ];
}
