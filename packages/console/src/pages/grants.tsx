import type { GrantSummary } from '@hufu/protocol/admin/grants';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useList } from '../api/read.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Filters, useFilters } from '../parts/filters.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { pathOfGrant } from './grant-id.ts';
import { GrantState } from './grant-state.tsx';

export function Grants() {
  const { t } = useTranslation();
  const { user, client_id } = useFilters();
  const list = useList('grants.list', { user, client_id });
  const columns: readonly Column<GrantSummary>[] = [
    {
      label: t('grants.id'),
      role: 'main',
      cell: ({ id }) => (
        <Link className="link mono" to="/grants/$id" params={{ id: pathOfGrant(id) }}>
          {pathOfGrant(id)}
        </Link>
      ),
    },
    {
      label: t('grants.client'),
      cell: ({ client_id: id }) => (
        <Link className="link" to="/clients/$id" params={{ id }}>
          <code>{id}</code>
        </Link>
      ),
    },
    {
      label: t('grants.user'),
      cell: ({ sub, client_id: id }) => (sub === undefined || sub === id ? t('grants.itself') : <code>{sub}</code>),
    },
    { label: t('common.state'), cell: (grant) => <GrantState grant={grant} /> },
    { label: t('grants.scopes'), cell: ({ scopes = [] }) => <code>{scopes.join(' ')}</code> },
    { label: t('grants.given'), cell: ({ created_at }) => <Moment at={created_at} /> },
  ];
  const isFiltered = user !== undefined || client_id !== undefined;
  return (
    <Page id="grants" title={t('grants.title')} lead={t('grants.lead')}>
      <Filters
        filters={[
          { name: 'client_id', label: t('grants.client'), hint: t('grants.clientHint') },
          { name: 'user', label: t('grants.user'), hint: t('grants.userHint') },
        ]}
      />
      <DataTable
        label={t('grants.title')}
        columns={columns}
        list={list}
        keyOf={({ id }) => id}
        empty={
          isFiltered ? (
            <Empty title={t('grants.emptyFilter')} text={t('grants.emptyFilterText')} />
          ) : (
            <Empty title={t('grants.emptyTitle')} text={t('grants.emptyText')} />
          )
        }
      />
    </Page>
  );
}
