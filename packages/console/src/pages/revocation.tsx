import type { FollowerView } from '@hufu/protocol/admin/security';
import { Skeleton } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Moment, MomentMs } from '../parts/moment.tsx';
import { Empty, Facts, type Mood, Page, Sheet, State } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { kindKey } from './revocation-kind.ts';

const EVERY_MS = 2_000;
const MOODS: Readonly<Record<FollowerView['state'], Mood>> = { enforced: 'good', not_yet: 'wait', gone: 'bad' };

/** One revocation, and since when each follower enforces it. */
export function RevocationPage() {
  const { t } = useTranslation();
  const { seq } = useParams({ from: '/revocations/$seq' });
  const { data, error, refetch } = useRead('revocations.get', { params: { seq } }, { everyMs: EVERY_MS });
  const entry = data?.body.entry;
  const kind = kindKey(entry?.kind ?? '');
  return (
    <Page
      id="revocation"
      title={t('revocations.detailTitle', { seq })}
      crumb={
        <Link className="link" to="/revocations">
          {t('nav.revocations')}
        </Link>
      }
    >
      {entry === undefined ? (
        error === null ? (
          <Skeleton height={200} />
        ) : (
          <Problem error={error} retry={() => void refetch()} />
        )
      ) : (
        <div className="stack">
          <Sheet>
            <Facts
              facts={[
                { name: t('revocations.kind'), value: kind === undefined ? <code>{entry.kind}</code> : t(`revocations.kinds.${kind}`) },
                { name: t('revocations.id'), value: <code>{entry.id}</code> },
                { name: t('revocations.reason'), value: entry.reason },
                { name: t('revocations.at'), value: <Moment at={entry.at} /> },
              ]}
            />
          </Sheet>
          <DataTable<FollowerView>
            label={t('revocations.followers')}
            list={{ items: data?.body.followers, error: null }}
            keyOf={({ client_id = '', node }) => `${client_id} ${node}`}
            columns={[
              {
                label: t('revocations.node'),
                role: 'main',
                cell: ({ node, client_id, server }) => (
                  <>
                    <code>{node}</code>
                    <span className="sub">{server === true ? t('revocations.ownNode') : client_id}</span>
                  </>
                ),
              },
              { label: t('common.state'), cell: ({ state }) => <State mood={MOODS[state]}>{t(`revocations.states.${state}`)}</State> },
              {
                label: t('revocations.since'),
                cell: ({ enforced_at_ms, no_later_than_ms }) => <MomentMs ms={enforced_at_ms ?? no_later_than_ms} />,
              },
              { label: t('revocations.seen'), cell: ({ seen_at_ms }) => <Moment at={Math.floor(seen_at_ms / 1_000)} /> },
            ]}
            empty={<Empty title={t('revocations.followers')} text={t('revocations.followersNone')} />}
          />
        </div>
      )}
    </Page>
  );
}
