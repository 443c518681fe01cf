import type { AuditParty, AuditView } from '@hufu/protocol/admin/audit';
import { useTranslation } from 'react-i18next';
import { useList, useRead } from '../api/read.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Filters, useFilters } from '../parts/filters.tsx';
import { Moment, momentText } from '../parts/moment.tsx';
import { Empty, Page, Sheet, State } from '../parts/page.tsx';

/** Who changed what, and whether what is kept of it is as it was sealed. */
export function Audit() {
  const { t } = useTranslation();
  const { action } = useFilters();
  const list = useList('audit.list', { action });
  const columns: readonly Column<AuditView>[] = [
    {
      label: t('audit.action'),
      role: 'main',
      cell: ({ seq, action: done, details }) => (
        <>
          <code>{done}</code> <span className="faded small">{seq}</span>
          <Details details={details} />
        </>
      ),
    },
    {
      label: t('audit.actor'),
      cell: ({ actor, via }) => (
        <>
          <Party party={actor} />
          {via !== '' && via !== actor.id && <span className="sub">{t('audit.via', { client: via })}</span>}
        </>
      ),
    },
    { label: t('audit.target'), cell: ({ target }) => <Party party={target} /> },
    { label: t('audit.at'), cell: ({ at_ms }) => <Moment at={Math.floor(at_ms / 1_000)} /> },
  ];
  return (
    <Page id="audit" title={t('audit.title')} lead={t('audit.lead')}>
      <div className="stack">
        <Chain />
        <div>
          <Filters filters={[{ name: 'action', label: t('audit.action'), hint: t('audit.actionHint') }]} />
          <DataTable
            label={t('audit.title')}
            columns={columns}
            list={list}
            keyOf={({ seq }) => String(seq)}
            empty={
              action === undefined ? (
                <Empty title={t('audit.emptyTitle')} text={t('audit.emptyText')} />
              ) : (
                <Empty title={t('audit.emptyFilter')} text={t('audit.emptyFilterText')} />
              )
            }
          />
        </div>
      </div>
    </Page>
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

function Party({ party: { kind, id } }: { readonly party: AuditParty }) {
  return (
    <>
      {kind} <code>{id}</code>
    </>
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
