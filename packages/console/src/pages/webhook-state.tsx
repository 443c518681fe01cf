import type { WebhookDeliveryView, WebhookView } from '@hufu/protocol/admin/webhooks';
import { useTranslation } from 'react-i18next';
import { type Mood, State } from '../parts/page.tsx';

export function WebhookState({ webhook: { enabled, ended_by: endedBy, failures } }: { readonly webhook: WebhookView }) {
  const { t } = useTranslation();
  if (!enabled) return <State mood="bad">{t(endedBy === undefined ? 'webhooks.disabled' : `webhooks.endedBy.${endedBy}`)}</State>;
  if (failures > 0) return <State mood="wait">{t('webhooks.failing', { failures })}</State>;
  return <State mood="good">{t('webhooks.working')}</State>;
}

const MOODS: Readonly<Record<WebhookDeliveryView['state'], Mood>> = { delivered: 'good', waiting: 'wait', dead: 'bad', due: 'wait' };

export function DeliveryState({ delivery: { state, reason } }: { readonly delivery: WebhookDeliveryView }) {
  const { t } = useTranslation();
  return (
    <>
      <State mood={MOODS[state]}>{t(`webhooks.states.${state}`)}</State>
      {reason !== undefined && <span className="sub">{t(`webhooks.reasons.${reason}`)}</span>}
    </>
  );
}
