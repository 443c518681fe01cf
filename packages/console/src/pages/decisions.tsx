import type { DecisionSummary } from '@hufu/protocol/admin/security';
import { Button, TextInput } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useList } from '../api/read.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Filters, useFilters } from '../parts/filters.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, Page, Sheet } from '../parts/page.tsx';

export function Decisions() {
  const { t } = useTranslation();
  const { endpoint, error, client_id } = useFilters();
  const list = useList('decisions.list', { endpoint, error, client_id });
  const columns: readonly Column<DecisionSummary>[] = [
    {
      label: t('decisions.code'),
      role: 'main',
      cell: ({ id, error: code, description }) => (
        <>
          <Link className="link mono" to="/decisions/$id" params={{ id }}>
            {code}
          </Link>
          <span className="sub">{description}</span>
        </>
      ),
    },
    {
      label: t('decisions.where'),
      cell: ({ endpoint: where, status }) => (
        <>
          <code>{where}</code> {status}
        </>
      ),
    },
    { label: t('decisions.client'), cell: ({ client_id: id }) => (id === '' ? '–' : <code>{id}</code>) },
    { label: t('decisions.time'), cell: ({ at }) => <Moment at={at} /> },
  ];
  const isFiltered = endpoint !== undefined || error !== undefined || client_id !== undefined;
  return (
    <Page id="decisions" title={t('decisions.title')} lead={t('decisions.lead')}>
      <div className="stack">
        <Ask />
        <div>
          <Filters
            filters={[
              { name: 'error', label: t('decisions.code'), hint: t('decisions.codeHint') },
              { name: 'endpoint', label: t('decisions.where'), hint: t('decisions.endpointHint') },
              { name: 'client_id', label: t('decisions.client'), hint: t('decisions.clientHint') },
            ]}
          />
          <DataTable
            label={t('decisions.title')}
            columns={columns}
            list={list}
            keyOf={({ id }) => id}
            empty={
              isFiltered ? (
                <Empty title={t('decisions.emptyFilter')} text={t('decisions.emptyFilterText')} />
              ) : (
                <Empty title={t('decisions.emptyTitle')} text={t('decisions.emptyText')} />
              )
            }
          />
        </div>
      </div>
    </Page>
  );
}

function Ask() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [id, setId] = useState('');
  return (
    <Sheet>
      <form
        className="filters"
        style={{ marginBottom: 0 }}
        onSubmit={(event) => {
          event.preventDefault();
          if (id.trim() !== '') void navigate({ to: '/decisions/$id', params: { id: id.trim() } });
        }}
      >
        <TextInput
          style={{ maxWidth: '28rem' }}
          label={t('decisions.ask')}
          placeholder={t('decisions.askHint')}
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
          maxLength={40}
          spellCheck={false}
        />
        <Button type="submit" variant="default">
          {t('decisions.askGo')}
        </Button>
      </form>
    </Sheet>
  );
}
