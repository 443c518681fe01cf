import type { UserSummary } from '@hufu/protocol/admin/users';
import { useTranslation } from 'react-i18next';
import { nowSeconds } from '../clock.ts';
import { momentText } from '../parts/moment.tsx';
import { State } from '../parts/page.tsx';

/** Whether somebody may sign in, and if not, until when. */
export function UserState({ user: { enabled, locked_until } }: { readonly user: UserSummary }) {
  const { t, i18n } = useTranslation();
  if (!enabled) return <State mood="bad">{t('users.states.disabled')}</State>;
  if (locked_until === undefined || locked_until <= nowSeconds()) return <State mood="good">{t('users.states.active')}</State>;
  const isLong = locked_until > nowSeconds() + 3_650 * 86_400;
  return (
    <State mood="wait">
      {isLong ? t('users.states.locked') : t('users.lockedUntil', { time: momentText(locked_until, i18n.language) })}
    </State>
  );
}
