import type { WebhookView } from '@hufu/protocol/admin/webhooks';
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../api/me.ts';
import { useRead } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { WebhookState } from './webhook-state.tsx';

const EVERY_MS = 5_000;

/** Who is told of what is done here. An address may let whoever knows it in, so it is shown to those alone who may change it. */
export function Webhooks() {
  const { t } = useTranslation();
  const maySee = useMay('security');
  const { data, error } = useRead('webhooks.list', {}, { everyMs: EVERY_MS, enabled: maySee });
  const make = (
    <Button component={Link} to="/webhooks/new">
      {t('webhooks.new')}
    </Button>
  );
  return (
    <Page id="webhooks" title={t('webhooks.title')} lead={t('webhooks.lead')} acts={maySee && make}>
      {maySee ? (
        <DataTable<WebhookView>
          label={t('webhooks.title')}
          list={{ items: data?.body.webhooks, error }}
          keyOf={({ webhook_id }) => webhook_id}
          columns={[
            {
              label: t('webhooks.url'),
              role: 'main',
              cell: ({ webhook_id: id, url, description }) => (
                <>
                  <Link className="link" to="/webhooks/$id" params={{ id }}>
                    {shortAddress(url)}
                  </Link>
                  {description !== '' && <span className="sub">{description}</span>}
                </>
              ),
            },
            { label: t('webhooks.actions'), cell: ({ actions }) => <code>{actions.join(' ')}</code> },
            { label: t('common.state'), cell: (webhook) => <WebhookState webhook={webhook} /> },
            { label: t('webhooks.deliveredAt'), cell: ({ delivered_at: at }) => <Moment at={at} /> },
          ]}
          empty={<Empty title={t('webhooks.emptyTitle')} text={t('webhooks.emptyText')} act={make} />}
        />
      ) : (
        <p>{t('webhooks.needsRole')}</p>
      )}
    </Page>
  );
}

/** Whose it is: what comes after the host may be a secret, and stands on the page of the webhook. */
function shortAddress(url: string): string {
  return URL.parse(url)?.host ?? url;
}
