import type { DecisionCheck } from '@hufu/protocol/admin/security';
import { checks } from '../decisions/checks.ts';

/** A check as administrators read it: what it looks at, and the setting behind it. One of another version of us has its name alone. */
export function checkView({ check, outcome, detail }: Pick<DecisionCheck, 'check' | 'outcome' | 'detail'>): DecisionCheck {
  const known: Readonly<Record<string, { readonly title: string; readonly setting: string | undefined } | undefined>> = checks;
  const about = Object.hasOwn(known, check) ? known[check] : undefined;
  return {
    check,
    outcome,
    ...(about === undefined ? {} : { title: about.title }),
    ...(about?.setting === undefined ? {} : { setting: about.setting }),
    ...(detail === undefined ? {} : { detail }),
  };
}
