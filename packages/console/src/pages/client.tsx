import type { AdminReply } from '@hufu/client/admin';
import type { ClientView } from '@hufu/protocol/admin/clients';
import { Button, Skeleton, Tabs } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay } from '../api/me.ts';
import { keyOf, useRead } from '../api/read.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { Danger, useAsk } from '../parts/danger.tsx';
import { type Search, useFilters } from '../parts/filters.tsx';
import { Moment } from '../parts/moment.tsx';
import { Facts, Page, Sheet, State } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { tell, tellProblem } from '../parts/tell.tsx';
import { ClientEdit } from './client-edit.tsx';
import { ClientKeys } from './client-keys.tsx';
import { ClientProfile } from './client-profile.tsx';
import { ClientSecrets } from './client-secrets.tsx';

/** One client: what it is, its secrets, and what can be taken from it. */
export function ClientPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/clients/$id' });
  const { data, error, refetch } = useRead('clients.get', { params: { client_id: id } });
  const client = data?.body;
  const { tab = 'overview' } = useFilters();
  const navigate = useNavigate();
  return (
    <Page
      id="client"
      title={client?.name ?? id}
      lead={client === undefined ? undefined : <CopyId id={client.client_id} />}
      crumb={
        <Link className="link" to="/clients">
          {t('nav.clients')}
        </Link>
      }
      acts={client !== undefined && <Acts client={client} etag={data?.etag} />}
    >
      {client === undefined ? (
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
            <Tabs.Tab value="overview">{t('clients.tabs.overview')}</Tabs.Tab>
            <Tabs.Tab value="secrets">{t('clients.tabs.secrets')}</Tabs.Tab>
            <Tabs.Tab value="profile">{t('clients.tabs.profile')}</Tabs.Tab>
            <Tabs.Tab value="metadata">{t('clients.tabs.metadata')}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="overview">
            <Overview client={client} />
          </Tabs.Panel>
          <Tabs.Panel value="secrets">
            <div className="stack">
              <ClientSecrets client={client} />
              <ClientKeys id={client.client_id} />
            </div>
          </Tabs.Panel>
          <Tabs.Panel value="profile">
            <ClientProfile id={client.client_id} />
          </Tabs.Panel>
          <Tabs.Panel value="metadata">
            {data?.etag !== undefined && <ClientEdit key={client.client_id} client={client} etag={data.etag} />}
          </Tabs.Panel>
        </Tabs>
      )}
    </Page>
  );
}

function Overview({ client }: { readonly client: ClientView }) {
  const { t } = useTranslation();
  const { metadata } = client;
  return (
    <Sheet>
      <Facts
        facts={[
          {
            name: t('common.state'),
            value: <State mood={client.enabled ? 'good' : 'bad'}>{t(client.enabled ? 'clients.enabled' : 'clients.disabled')}</State>,
          },
          { name: t('clients.source'), value: `${t(`clients.sources.${client.source}`)} – ${t(`clients.sourceMeaning.${client.source}`)}` },
          { name: t('clients.auth'), value: <code>{client.auth_method}</code> },
          { name: t('clients.redirects'), value: listed(metadata['redirect_uris'], t('clients.noRedirects')) },
          { name: t('clients.grantTypes'), value: listed(metadata['grant_types'], t('clients.defaultTypes')) },
          { name: t('clients.scope'), value: listed(String(metadata['scope'] ?? '').split(' '), t('clients.anyScope')) },
          { name: t('common.created'), value: <Moment at={client.created_at} /> },
          {
            name: t('common.details'),
            value: (
              <>
                <Link className="link" to="/grants" search={{ client_id: client.client_id }}>
                  {t('clients.itsGrants')}
                </Link>
                {' · '}
                <Link className="link" to="/decisions" search={{ client_id: client.client_id }}>
                  {t('clients.itsRefusals')}
                </Link>
                {' · '}
                <Link className="link" to="/workbench" search={{ client: client.client_id }}>
                  {t('clients.itsRequests')}
                </Link>
              </>
            ),
          },
        ]}
      />
    </Sheet>
  );
}

function listed(value: unknown, none: string) {
  const items = Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '') : [];
  if (items.length === 0) return <span className="faded">{none}</span>;
  return items.map((item) => (
    <div key={item}>
      <code>{item}</code>
    </div>
  ));
}

function Acts({ client, etag }: { readonly client: ClientView; readonly etag: string | undefined }) {
  const { t } = useTranslation();
  const mayChange = useMay('security');
  const ask = useAsk();
  const queries = useQueryClient();
  const navigate = useNavigate();
  if (!mayChange || client.source === 'config') return null;
  const { client_id, name } = client;
  const params = { client_id };
  const refresh = (): void => void queries.invalidateQueries();
  /** Shown at once as it will be, and as it was where the server says no. */
  const enable = (): void => {
    const key = keyOf('clients.get', { params });
    const before = queries.getQueryData<AdminReply<ClientView>>(key);
    if (before !== undefined) queries.setQueryData(key, { ...before, body: { ...before.body, enabled: true } });
    call('clients.enable', { params }).then(
      () => {
        tell(t('clients.enabledNote', { name }));
        refresh();
      },
      (error: unknown) => {
        queries.setQueryData(key, before);
        tellProblem(error);
      },
    );
  };
  return (
    <>
      {client.enabled ? (
        <Button variant="default" onClick={() => ask('disable')}>
          {t('clients.disable')}
        </Button>
      ) : (
        <Button onClick={enable}>{t('clients.enable')}</Button>
      )}
      <Button variant="default" onClick={() => ask('revoke')}>
        {t('clients.revoke')}
      </Button>
      <Button variant="outline" color="cinnabar" onClick={() => ask('delete')}>
        {t('clients.delete')}
      </Button>
      <Danger
        name="disable"
        title={t('clients.disableTitle', { name })}
        text={t('clients.disableText')}
        label={t('clients.disable')}
        look={async () => (await call('clients.disable', { params, query: { dry_run: true } })).body}
        act={() => call('clients.disable', { params })}
        done={() => {
          tell(t('clients.disabledNote', { name }), enable);
          refresh();
        }}
      />
      <Danger
        name="revoke"
        title={t('clients.revokeTitle', { name })}
        text={t('clients.revokeText')}
        label={t('clients.revoke')}
        look={async () => (await call('clients.revoke', { params, query: { dry_run: true } })).body}
        act={() => call('clients.revoke', { params })}
        done={() => {
          tell(t('clients.revokedNote', { name }));
          refresh();
        }}
      />
      <Danger
        name="delete"
        title={t('clients.deleteTitle', { name })}
        text={t('clients.deleteText')}
        label={t('clients.delete')}
        look={async () => (await call('clients.delete', { params, query: { dry_run: true }, ifMatch: etag })).body}
        act={() => call('clients.delete', { params, ifMatch: etag })}
        done={() => {
          tell(t('clients.deletedNote', { name }));
          // The next page reads anew; this one asks no more for what is gone.
          void queries.invalidateQueries({ refetchType: 'none' });
          void navigate({ to: '/clients' });
        }}
      />
    </>
  );
}
