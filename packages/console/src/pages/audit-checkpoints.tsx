import type { CheckpointView } from '@hufu/protocol/admin/audit';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useList } from '../api/read.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Filters, useFilters } from '../parts/filters.tsx';
import { MomentMs } from '../parts/moment.tsx';
import { Empty } from '../parts/page.tsx';

/** What the server has signed of the log: whoever keeps one of these elsewhere can hold the log to it. */
export function AuditCheckpoints() {
  const { t } = useTranslation();
  const { from } = useFilters();
  const list = useList('audit.checkpoints', { from });
  return (
    <>
      <p className="faded">{t('audit.checkpointsText')}</p>
      <Filters filters={[{ name: 'from', label: t('audit.from'), hint: t('audit.fromHint') }]} />
      <DataTable<CheckpointView>
        label={t('audit.tabs.checkpoints')}
        list={list}
        keyOf={({ seq }) => String(seq)}
        columns={[
          {
            label: t('audit.upTo'),
            role: 'main',
            cell: ({ seq }) => (
              <Link className="link" to="/audit/$seq" params={{ seq: String(seq) }}>
                {seq}
              </Link>
            ),
          },
          { label: t('audit.signedAt'), cell: ({ at_ms }) => <MomentMs ms={at_ms} /> },
          { label: t('audit.toKeep'), cell: ({ seq, hash }) => <CopyId id={`${seq}:${hash}`} /> },
          { label: t('audit.signedWith'), cell: ({ jws }) => <code>{keyOf(jws)}</code> },
        ]}
        empty={<Empty title={t('audit.noCheckpoints')} text={t('audit.noCheckpointsText')} />}
      />
    </>
  );
}

/** The key that has signed something, by its algorithm and its name: what its header says. Empty where that cannot be read. */
export function keyOf(jws: string): string {
  try {
    const { alg, kid }: { readonly alg?: unknown; readonly kid?: unknown } = Object(JSON.parse(fromBase64url(jws.split('.')[0] ?? '')));
    return [alg, kid].filter((part) => typeof part === 'string').join(' ');
  } catch {
    return '';
  }
}

function fromBase64url(text: string): string {
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
}
