import type { AuditView } from '@hufu/protocol/admin/audit';
import { Tabs } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useList, useRead } from '../api/read.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Filters, type Search, useFilters } from '../parts/filters.tsx';
import { Moment, momentText } from '../parts/moment.tsx';
import { Empty, Page, Sheet, State } from '../parts/page.tsx';
import { AuditCheckpoints } from './audit-checkpoints.tsx';
import { Party, readParty } from './audit-party.tsx';

/** Who changed what, and whether what is kept of it is as it was sealed. */
export function Audit() {
  const { t } = useTranslation();
  const { tab = 'entries' } = useFilters();
  const navigate = useNavigate();
  return (
    <Page id="audit" title={t('audit.title')} lead={t('audit.lead')}>
      <div className="stack">
        <Chain />
        <Tabs
          value={tab}
          onChange={(value) => void navigate({ to: '.', search: (old: Search) => ({ ...old, tab: value ?? undefined }), replace: true })}
          keepMounted={false}
        >
          <Tabs.List mb="md">
            <Tabs.Tab value="entries">{t('audit.tabs.entries')}</Tabs.Tab>
            <Tabs.Tab value="checkpoints">{t('audit.tabs.checkpoints')}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="entries">
            <Entries />
          </Tabs.Panel>
          <Tabs.Panel value="checkpoints">
            <AuditCheckpoints />
          </Tabs.Panel>
        </Tabs>
      </div>
    </Page>
  );
}

function Entries() {
  const { t } = useTranslation();
  const filters = useFilters();
  const [actor, target] = [readParty(filters['actor']), readParty(filters['target'])];
  const list = useList('audit.list', {
    action: filters['action'],
    ...(actor !== undefined && { actor_kind: actor.kind, actor: actor.id }),
    ...(target !== undefined && { target_kind: target.kind, target: target.id === '' ? undefined : target.id }),
  });
  const isFiltered = [filters['action'], actor, target].some((one) => one !== undefined);
  const columns: readonly Column<AuditView>[] = [
    {
      label: t('audit.action'),
      role: 'main',
      cell: ({ seq, action: done, details }) => (
        <>
          <Link className="link" to="/audit/$seq" params={{ seq: String(seq) }}>
            <code>{done}</code>
          </Link>{' '}
          <span className="faded small">{seq}</span>
          <Details details={details} />
        </>
      ),
    },
    {
      label: t('audit.actor'),
      cell: ({ actor: who, via }) => (
        <>
          <Party party={who} />
          {via !== '' && via !== who.id && <span className="sub">{t('audit.via', { client: via })}</span>}
        </>
      ),
    },
    { label: t('audit.target'), cell: ({ target: what }) => <Party party={what} /> },
    { label: t('audit.at'), cell: ({ at_ms }) => <Moment at={Math.floor(at_ms / 1_000)} /> },
  ];
  return (
    <>
      <Filters
        filters={[
          { name: 'action', label: t('audit.action'), hint: t('audit.actionHint') },
          { name: 'actor', label: t('audit.actor'), hint: t('audit.actorHint') },
          { name: 'target', label: t('audit.target'), hint: t('audit.targetHint') },
        ]}
      />
      <DataTable
        label={t('audit.title')}
        columns={columns}
        list={list}
        keyOf={({ seq }) => String(seq)}
        empty={
          isFiltered ? (
            <Empty title={t('audit.emptyFilter')} text={t('audit.emptyFilterText')} />
          ) : (
            <Empty title={t('audit.emptyTitle')} text={t('audit.emptyText')} />
          )
        }
      />
    </>
  );
}

/** What the server’s own look at the end of the chain came to. */
function Chain() {
  const { t } = useTranslation();
  const { data } = useRead('audit.state', {});
  if (data === undefined) return null;
  const { faults, verified_from: from, verified_to: to } = data.body;
  if (faults.length === 0)
    return (
      <Sheet>
        <State mood={to === 0 ? 'still' : 'good'}>{to === 0 ? t('audit.nothing') : t('audit.intact', { from, to })}</State>
      </Sheet>
    );
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{t('audit.broken')}</strong>
      </p>
      {faults.slice(0, 20).map(({ seq, kind, detail }) => (
        <p key={`${seq} ${kind}`} className="small" lang="en">
          {seq} <code>{kind}</code> {detail}
        </p>
      ))}
    </div>
  );
}

function Details({ details }: { readonly details: unknown }) {
  const { i18n } = useTranslation();
  const entries = Object.entries(Object(details)).filter(([, value]) => value !== '');
  if (entries.length === 0) return null;
  return <span className="sub">{entries.map(([name, value]) => `${name}: ${textOf(name, value, i18n.language)}`).join(', ')}</span>;
}

function textOf(name: string, value: unknown, language: string): string {
  if (typeof value === 'number' && name.endsWith('_at')) return momentText(value, language);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
