import type { SessionView } from '@hufu/protocol/admin/users';
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { useRead } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty } from '../parts/page.tsx';
import { tell, tellProblem } from '../parts/tell.tsx';

/** Where somebody is signed in. */
export function UserSessions({ sub }: { readonly sub: string }) {
  const { t } = useTranslation();
  const mayEnd = useMay('support');
  const { data, error } = useRead('users.sessions.list', { params: { sub } });
  const end = (sid: string): void => {
    call('users.sessions.end', { params: { sub, sid } }).then(() => {
      tell(t('users.endedNote'));
      void queryClient.invalidateQueries();
    }, tellProblem);
  };
  return (
    <DataTable<SessionView>
      label={t('users.tabs.sessions')}
      list={{ items: data?.body.items, error }}
      keyOf={({ sid }) => sid}
      columns={[
        {
          label: t('users.browser'),
          role: 'main',
          cell: ({ user_agent, place }) => (
            <>
              <span>{shortAgent(user_agent)}</span>
              {place !== undefined && <span className="sub">{place}</span>}
            </>
          ),
        },
        { label: t('users.sessionSigned'), cell: ({ created_at }) => <Moment at={created_at} /> },
        { label: t('users.sessionSeen'), cell: ({ last_seen_at }) => <Moment at={last_seen_at} /> },
        { label: t('users.methods'), cell: ({ amr }) => <code>{amr.join(' ')}</code> },
        { label: t('grants.ends'), cell: ({ expires_at }) => <Moment at={expires_at} /> },
        ...(mayEnd
          ? [
              {
                label: t('common.actions'),
                role: 'acts' as const,
                cell: ({ sid, user_agent }: SessionView) => (
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => end(sid)}
                    aria-label={`${t('users.endSession')}: ${shortAgent(user_agent)}`}
                  >
                    {t('users.endSession')}
                  </Button>
                ),
              },
            ]
          : []),
      ]}
      empty={<Empty title={t('users.noSessions')} text={t('users.sessionsNone')} />}
    />
  );
}

/** What browsers are called in their own words, before those whose names they bear as well. */
const BROWSERS = { Firefox: 'Firefox', Edg: 'Edge', OPR: 'Opera', HeadlessChrome: 'Chrome', Chrome: 'Chrome', Version: 'Safari' } as const;
const SYSTEMS = [
  ['Android', 'Android'],
  ['iPhone', 'iOS'],
  ['iPad', 'iPadOS'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'macOS'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
] as const;

/** A browser calls itself by all of its ancestors: its own name with the version that people know, and the system. */
function shortAgent(text: string): string {
  const [name] = Object.entries(BROWSERS).flatMap(([word, own]) => {
    const [, version] = new RegExp(`${word}/(\\d+)`).exec(text) ?? [];
    return version === undefined ? [] : [`${own} ${version}`];
  });
  const [, system] = SYSTEMS.find(([word]) => text.includes(word)) ?? [];
  return name === undefined ? text.slice(0, 60) : [name, system].filter((part) => part !== undefined).join(' · ');
}
