import type { UserView } from '@hufu/protocol/admin/users';
import { Skeleton, Tabs } from '@mantine/core';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { type Search, useFilters } from '../parts/filters.tsx';
import { Moment } from '../parts/moment.tsx';
import { Facts, Page, Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { UserActs } from './user-acts.tsx';
import { UserClaims } from './user-claims.tsx';
import { UserDevices } from './user-devices.tsx';
import { UserFactors } from './user-factors.tsx';
import { UserSessions } from './user-sessions.tsx';
import { UserState } from './user-state.tsx';

const TABS = ['overview', 'sessions', 'devices', 'factors', 'claims'] as const;

/** One user: who they are, where they are signed in, and what can be done for them. */
export function UserPage() {
  const { t } = useTranslation();
  const { sub } = useParams({ from: '/users/$sub' });
  const { data, error, refetch } = useRead('users.get', { params: { sub } });
  const { tab = 'overview' } = useFilters();
  const navigate = useNavigate();
  const user = data?.body;
  return (
    <Page
      id="user"
      title={user?.username ?? sub}
      lead={user?.name}
      crumb={
        <Link className="link" to="/users">
          {t('nav.users')}
        </Link>
      }
      acts={user !== undefined && <UserActs user={user} etag={data?.etag} />}
    >
      {user === undefined ? (
        error === null ? (
          <Skeleton height={240} />
        ) : (
          <Problem error={error} retry={() => void refetch()} />
        )
      ) : (
        <Tabs
          value={tab}
          onChange={(value) => void navigate({ to: '.', search: (old: Search) => ({ ...old, tab: value ?? undefined }), replace: true })}
          keepMounted={false}
        >
          <Tabs.List mb="md">
            {TABS.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t(`users.tabs.${one}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="overview">
            <Overview user={user} />
          </Tabs.Panel>
          <Tabs.Panel value="sessions">
            <UserSessions sub={sub} />
          </Tabs.Panel>
          <Tabs.Panel value="devices">
            <UserDevices sub={sub} />
          </Tabs.Panel>
          <Tabs.Panel value="factors">
            <UserFactors user={user} />
          </Tabs.Panel>
          <Tabs.Panel value="claims">{data?.etag !== undefined && <UserClaims key={user.sub} user={user} etag={data.etag} />}</Tabs.Panel>
        </Tabs>
      )}
    </Page>
  );
}

function Overview({ user }: { readonly user: UserView }) {
  const { t } = useTranslation();
  return (
    <Sheet>
      <Facts
        facts={[
          { name: t('common.state'), value: <UserState user={user} /> },
          { name: t('users.subject'), value: <CopyId id={user.sub} /> },
          { name: t('users.email'), value: user.email ?? '–' },
          { name: t('users.source'), value: t(`users.sources.${user.source}`) },
          {
            name: t('users.roleHere'),
            value: user.role === undefined ? t('common.none') : `${t(`role.${user.role}`)} – ${t(`roleMeaning.${user.role}`)}`,
          },
          { name: t('users.passwordChanged'), value: user.has_password ? <Moment at={user.password_changed_at} /> : t('users.noPassword') },
          { name: t('common.created'), value: <Moment at={user.created_at} /> },
          {
            name: t('common.details'),
            value: (
              <Link className="link" to="/grants" search={{ user: user.sub }}>
                {t('users.itsGrants')}
              </Link>
            ),
          },
        ]}
      />
    </Sheet>
  );
}
