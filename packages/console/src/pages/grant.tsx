import type { GrantView } from '@hufu/protocol/admin/grants';
import { Button, Skeleton } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { useRead } from '../api/read.ts';
import { Danger, useAsk } from '../parts/danger.tsx';
import { Moment } from '../parts/moment.tsx';
import { Facts, Page, Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { tell } from '../parts/tell.tsx';
import { GrantState } from './grant-state.tsx';
import { LineageSheet } from './lineage-sheet.tsx';

/** One grant, where it comes from, and what came of it. */
export function GrantPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/grants/$id' });
  const { data, error, refetch } = useRead('grants.get', { params: { grant_id: id } });
  const mayRevoke = useMay('support');
  const ask = useAsk();
  const grant = data?.body;
  const params = { grant_id: id };
  const isOver = grant?.state === 'dead' || grant?.state === 'expired';
  return (
    <Page
      id="grant"
      title={`${t('grants.id')} ${id}`}
      crumb={
        <Link className="link" to="/grants">
          {t('nav.grants')}
        </Link>
      }
      acts={
        grant !== undefined && (
          <>
            <Link className="link" to="/workbench" search={{ grant: id }}>
              {t('grants.toWorkbench')}
            </Link>
            {mayRevoke && !isOver && (
              <Button variant="outline" color="cinnabar" onClick={() => ask('revoke')}>
                {t('grants.revoke')}
              </Button>
            )}
          </>
        )
      }
    >
      {grant === undefined ? (
        error === null ? (
          <Skeleton height={240} />
        ) : (
          <Problem error={error} retry={() => void refetch()} />
        )
      ) : (
        <>
          <Sheet>
            <Overview grant={grant} />
          </Sheet>
          <LineageSheet id={id} />
        </>
      )}
      <Danger
        name="revoke"
        title={t('grants.revokeTitle')}
        text={t('grants.revokeText')}
        label={t('grants.revoke')}
        look={async () => (await call('grants.revoke', { params, query: { dry_run: true } })).body}
        act={() => call('grants.revoke', { params })}
        done={() => {
          tell(t('grants.revokedNote'));
          void queryClient.invalidateQueries();
        }}
      />
    </Page>
  );
}

function Overview({ grant }: { readonly grant: GrantView }) {
  const { t } = useTranslation();
  const { user, client_id } = grant;
  return (
    <Facts
      facts={[
        { name: t('common.state'), value: <GrantState grant={grant} /> },
        grant.reason === undefined ? undefined : { name: t('grants.reason'), value: grant.reason },
        grant.ended_at === undefined ? undefined : { name: t('grants.endedAt'), value: <Moment at={grant.ended_at} /> },
        {
          name: t('grants.client'),
          value: (
            <Link className="link" to="/clients/$id" params={{ id: client_id }}>
              <code>{client_id}</code>
            </Link>
          ),
        },
        {
          name: t('grants.user'),
          value:
            user === undefined ? (
              t('grants.itself')
            ) : (
              <Link className="link" to="/users/$sub" params={{ sub: user.sub }}>
                {user.username}
              </Link>
            ),
        },
        { name: t('grants.scopes'), value: <code>{(grant.scopes ?? []).join(' ') || '–'}</code> },
        {
          name: t('grants.resources'),
          value:
            grant.resources.length === 0
              ? '–'
              : grant.resources.map((one) => (
                  <div key={one}>
                    <code>{one}</code>
                  </div>
                )),
        },
        { name: t('users.methods'), value: <code>{grant.amr.join(' ') || '–'}</code> },
        grant.auth_time === undefined ? undefined : { name: t('grants.authTime'), value: <Moment at={grant.auth_time} /> },
        { name: t('grants.offline'), value: t(grant.offline ? 'common.yes' : 'common.no') },
        { name: t('grants.given'), value: <Moment at={grant.created_at} /> },
        { name: t('grants.ends'), value: <Moment at={grant.expires_at} none={t('clients.expiries.never')} /> },
      ]}
    />
  );
}
