import type { WebhookDeliveryView, WebhookView } from '@hufu/protocol/admin/webhooks';
import { Button, Group, Skeleton } from '@mantine/core';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { useRead } from '../api/read.ts';
import { useAttempts } from '../api/use-attempts.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { Danger, useAsk } from '../parts/danger.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Filters, useFilters } from '../parts/filters.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, Facts, Page, Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { Secret } from '../parts/secret.tsx';
import { tell, tellProblem } from '../parts/tell.tsx';
import { DeliveryState, WebhookState } from './webhook-state.tsx';

const EVERY_MS = 3_000;
const STATES = ['delivered', 'waiting', 'dead', 'due'] as const;

function refresh(): void {
  for (const name of ['webhooks.get', 'webhooks.list', 'webhooks.deliveries.list'])
    void queryClient.invalidateQueries({ queryKey: [name] });
}

/** One webhook: where it goes, how it fares, and what became of what it was told. */
export function WebhookPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/webhooks/$id' });
  const maySee = useMay('security');
  const { data, error, refetch } = useRead('webhooks.get', { params: { webhook_id: id } }, { everyMs: EVERY_MS, enabled: maySee });
  const webhook = data?.body;
  return (
    <Page
      id="webhook"
      title={webhook === undefined ? t('webhooks.one') : (URL.parse(webhook.url)?.host ?? webhook.url)}
      lead={<CopyId id={id} />}
      crumb={
        <Link className="link" to="/webhooks">
          {t('webhooks.title')}
        </Link>
      }
      acts={webhook !== undefined && <Acts webhook={webhook} etag={data?.etag} />}
    >
      {!maySee && <p>{t('webhooks.needsRole')}</p>}
      {maySee &&
        webhook === undefined &&
        (error === null ? <Skeleton height={240} /> : <Problem error={error} retry={() => void refetch()} />)}
      {webhook !== undefined && (
        <div className="stack">
          <About webhook={webhook} />
          <Deliveries webhook={webhook} />
        </div>
      )}
    </Page>
  );
}

function About({ webhook }: { readonly webhook: WebhookView }) {
  const { t } = useTranslation();
  const { failing_since: since, next_attempt_at: next } = webhook;
  return (
    <Sheet>
      <Facts
        facts={[
          { name: t('common.state'), value: <WebhookState webhook={webhook} /> },
          { name: t('webhooks.url'), value: <code>{webhook.url}</code> },
          { name: t('webhooks.actions'), value: <code>{webhook.actions.join(' ')}</code> },
          webhook.description === '' ? undefined : { name: t('webhooks.description'), value: webhook.description },
          { name: t('webhooks.deliveredAt'), value: <Moment at={webhook.delivered_at} /> },
          since === undefined ? undefined : { name: t('webhooks.failingSince'), value: <Moment at={since} /> },
          next === undefined ? undefined : { name: t('webhooks.nextAttempt'), value: <Moment at={next} /> },
          {
            name: t('webhooks.secrets'),
            value: webhook.secrets.map(({ created_at: made, expires_at: ends }) => (
              <div key={`${made} ${ends ?? ''}`}>
                {t('common.created')} <Moment at={made} />
                {ends !== undefined && (
                  <>
                    {' · '}
                    {t('clients.expires')} <Moment at={ends} />
                  </>
                )}
              </div>
            )),
          },
          { name: t('common.created'), value: <Moment at={webhook.created_at} /> },
        ]}
      />
    </Sheet>
  );
}

function Deliveries({ webhook: { webhook_id: id, enabled } }: { readonly webhook: WebhookView }) {
  const { t } = useTranslation();
  const given = useFilters()['state'];
  const state = STATES.find((one) => one === given);
  const query = { limit: 100, ...(state !== undefined && { state }) };
  const { data, error } = useRead('webhooks.deliveries.list', { params: { webhook_id: id }, query }, { everyMs: EVERY_MS });
  const again = ({ seq }: WebhookDeliveryView): void => {
    call('webhooks.deliveries.redeliver', { params: { webhook_id: id, seq: String(seq) } }).then(() => {
      tell(t('webhooks.redelivering', { seq }));
      refresh();
    }, tellProblem);
  };
  return (
    <div>
      <div className="sheet-head">
        <h2>{t('webhooks.deliveries')}</h2>
      </div>
      <p className="faded small">{t('webhooks.deliveriesText')}</p>
      <Filters
        filters={[
          { name: 'state', label: t('common.state'), choices: STATES.map((value) => ({ value, label: t(`webhooks.states.${value}`) })) },
        ]}
      />
      <DataTable<WebhookDeliveryView>
        label={t('webhooks.deliveries')}
        list={{ items: data?.body.items, error }}
        keyOf={({ seq }) => String(seq)}
        columns={[
          {
            label: t('webhooks.event'),
            role: 'main',
            cell: ({ action, seq, message_id: message }) => (
              <>
                <code>{action}</code> <span className="faded small">{seq}</span>
                <span className="sub">
                  <code>{message}</code>
                </span>
              </>
            ),
          },
          { label: t('common.state'), cell: (delivery) => <DeliveryState delivery={delivery} /> },
          { label: t('webhooks.attempts'), cell: ({ attempts }) => attempts },
          { label: t('webhooks.lastAttempt'), cell: ({ at }) => <Moment at={at} /> },
          {
            label: t('common.actions'),
            role: 'acts',
            cell: (delivery) =>
              enabled && (delivery.state === 'delivered' || delivery.state === 'dead') ? (
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => again(delivery)}
                  aria-label={`${t('webhooks.redeliver')}: ${delivery.action} ${delivery.seq}`}
                >
                  {t('webhooks.redeliver')}
                </Button>
              ) : null,
          },
        ]}
        empty={<Empty title={t('webhooks.noDeliveries')} text={t('webhooks.noDeliveriesText')} />}
      />
    </div>
  );
}

function Acts({ webhook, etag }: { readonly webhook: WebhookView; readonly etag: string | undefined }) {
  const { t } = useTranslation();
  const ask = useAsk();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<string>();
  const attempt = useAttempts();
  const params = { webhook_id: webhook.webhook_id };
  const { url, actions, description, enabled } = webhook;
  const test = (): void => {
    setBusy(true);
    call('webhooks.test', { params })
      .then(({ body: { delivered, reason } }) => {
        if (delivered || reason === undefined) tell(t('webhooks.tested'));
        else tellProblem(new Error(t(`webhooks.reasons.${reason}`)));
      }, tellProblem)
      .finally(() => setBusy(false));
  };
  const rotate = async (): Promise<void> => {
    const rotating = (idempotencyKey: string) => call('webhooks.secrets.rotate', { params, body: {}, idempotencyKey });
    setMade((await attempt({ params }, rotating)).body.secret);
  };
  const turn = (on: boolean): Promise<unknown> =>
    call('webhooks.update', { params, body: { url, actions, description, enabled: on }, ifMatch: etag });
  const turning = enabled ? 'disable' : 'enable';
  return (
    <Group gap="xs">
      <Button variant="default" loading={busy} onClick={test}>
        {t('webhooks.test')}
      </Button>
      <Button variant="default" onClick={() => ask('secret')}>
        {t('webhooks.newSecret')}
      </Button>
      <Button variant="default" onClick={() => ask(turning)}>
        {t(`webhooks.${turning}`)}
      </Button>
      <Button variant="outline" color="cinnabar" onClick={() => ask('delete')}>
        {t('webhooks.remove')}
      </Button>
      <Danger
        name="secret"
        title={t('webhooks.newSecret')}
        text={t('webhooks.newSecretText')}
        label={t('webhooks.newSecret')}
        calm
        act={rotate}
        done={refresh}
      />
      {(['disable', 'enable'] as const).map((name) => (
        <Danger
          key={name}
          name={name}
          title={t(`webhooks.${name}`)}
          text={t(`webhooks.${name}Text`)}
          label={t(`webhooks.${name}`)}
          calm={name === 'enable'}
          act={() => turn(name === 'enable')}
          done={refresh}
        />
      ))}
      <Danger
        name="delete"
        title={t('webhooks.remove')}
        text={t('webhooks.removeText')}
        label={t('webhooks.remove')}
        act={() => call('webhooks.delete', { params })}
        done={() => {
          void navigate({ to: '/webhooks' });
          void queryClient.invalidateQueries({ queryKey: ['webhooks.list'] });
        }}
      />
      <Dialog opened={made !== undefined} close={() => setMade(undefined)} title={t('webhooks.newSecret')} isOnce>
        {made !== undefined && <Secret secret={made} close={() => setMade(undefined)} />}
      </Dialog>
    </Group>
  );
}
