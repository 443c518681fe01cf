import type { GrantSummary } from '@hufu/protocol/admin/grants';
import { useTranslation } from 'react-i18next';
import { type Mood, State } from '../parts/page.tsx';

const MOODS: Readonly<Record<GrantSummary['state'], Mood>> = {
  live: 'good',
  unredeemed: 'wait',
  suspended: 'wait',
  dead: 'bad',
  expired: 'still',
};

export function GrantState({ grant: { state } }: { readonly grant: GrantSummary }) {
  const { t } = useTranslation();
  return <State mood={MOODS[state]}>{t(`grants.states.${state}`)}</State>;
}
