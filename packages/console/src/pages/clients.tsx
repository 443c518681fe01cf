import type { ClientSource, ClientSummary } from '@hufu/protocol/admin/clients';
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../api/me.ts';
import { useList } from '../api/read.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Filters, useFilters } from '../parts/filters.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, Page, State } from '../parts/page.tsx';

const SOURCES: readonly ClientSource[] = ['config', 'admin', 'registered', 'document'];

export function Clients() {
  const { t } = useTranslation();
  const { prefix, source, enabled } = useFilters();
  const list = useList('clients.list', { prefix, source, enabled });
  const mayChange = useMay('security');
  const columns: readonly Column<ClientSummary>[] = [
    {
      label: t('clients.name'),
      role: 'main',
      cell: ({ client_id, name }) => (
        <>
          <Link className="link" to="/clients/$id" params={{ id: client_id }}>
            {name}
          </Link>
          <code className="sub">{client_id}</code>
        </>
      ),
    },
    {
      label: t('common.state'),
      cell: ({ enabled: isOn }) => <State mood={isOn ? 'good' : 'bad'}>{t(isOn ? 'clients.enabled' : 'clients.disabled')}</State>,
    },
    { label: t('clients.auth'), cell: ({ auth_method }) => <code>{auth_method}</code> },
    { label: t('clients.source'), cell: ({ source: from }) => t(`clients.sources.${from}`) },
    { label: t('common.created'), cell: ({ created_at }) => <Moment at={created_at} /> },
  ];
  const isFiltered = prefix !== undefined || source !== undefined || enabled !== undefined;
  const add = mayChange && (
    <Button component={Link} to="/clients/new">
      {t('clients.new')}
    </Button>
  );
  return (
    <Page id="clients" title={t('clients.title')} lead={t('clients.lead')} acts={add}>
      <Filters
        filters={[
          { name: 'prefix', label: t('clients.id'), hint: t('clients.idHint') },
          {
            name: 'source',
            label: t('clients.source'),
            choices: SOURCES.map((value) => ({ value, label: t(`clients.sources.${value}`) })),
          },
          {
            name: 'enabled',
            label: t('common.state'),
            choices: [
              { value: 'true', label: t('clients.enabled') },
              { value: 'false', label: t('clients.disabled') },
            ],
          },
        ]}
      />
      <DataTable
        label={t('clients.title')}
        columns={columns}
        list={list}
        keyOf={({ client_id }) => client_id}
        empty={
          isFiltered ? (
            <Empty title={t('clients.emptyFilter')} text={t('clients.emptyFilterText')} />
          ) : (
            <Empty title={t('clients.emptyTitle')} text={t('clients.emptyText')} act={add} />
          )
        }
      />
    </Page>
  );
}
