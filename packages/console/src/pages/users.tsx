import type { UserSummary } from '@hufu/protocol/admin/users';
import { Button, Checkbox, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay } from '../api/me.ts';
import { useList } from '../api/read.ts';
import { useMaking } from '../api/use-making.ts';
import { useAsk } from '../parts/danger.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Filters, useFilters } from '../parts/filters.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { tell } from '../parts/tell.tsx';
import { sendInvitation } from './send-invitation.ts';
import { UserState } from './user-state.tsx';

export function Users() {
  const { t } = useTranslation();
  const { prefix, email, state } = useFilters();
  const list = useList('users.list', { prefix, email, state });
  const mayChange = useMay('security');
  const ask = useAsk();
  const columns: readonly Column<UserSummary>[] = [
    {
      label: t('users.username'),
      role: 'main',
      cell: ({ sub, username, name }) => (
        <>
          <Link className="link" to="/users/$sub" params={{ sub }}>
            {username}
          </Link>
          {name !== undefined && <span className="sub">{name}</span>}
        </>
      ),
    },
    { label: t('common.state'), cell: (user) => <UserState user={user} /> },
    { label: t('users.email'), cell: ({ email: address }) => address ?? '–' },
    { label: t('users.source'), cell: ({ source }) => t(`users.sources.${source}`) },
    { label: t('common.created'), cell: ({ created_at }) => <Moment at={created_at} /> },
  ];
  const isFiltered = prefix !== undefined || email !== undefined || state !== undefined;
  return (
    <Page
      id="users"
      title={t('users.title')}
      lead={t('users.lead')}
      acts={mayChange && <Button onClick={() => ask('new')}>{t('users.new')}</Button>}
    >
      <Filters
        filters={[
          { name: 'prefix', label: t('users.username'), hint: t('users.prefixHint') },
          { name: 'email', label: t('users.email'), hint: t('users.emailHint') },
          {
            name: 'state',
            label: t('users.stateFilter'),
            choices: [
              { value: 'disabled', label: t('users.states.disabled') },
              { value: 'locked', label: t('users.states.locked') },
            ],
          },
        ]}
      />
      <DataTable
        label={t('users.title')}
        columns={columns}
        list={list}
        keyOf={({ sub }) => sub}
        empty={
          isFiltered ? (
            <Empty title={t('users.emptyFilter')} text={t('users.emptyFilterText')} />
          ) : (
            <Empty title={t('users.emptyTitle')} text={t('users.emptyText')} />
          )
        }
      />
      {mayChange && <NewUser />}
    </Page>
  );
}

function NewUser() {
  const { t } = useTranslation();
  const isOpen = useFilters()['do'] === 'new';
  const ask = useAsk();
  const navigate = useNavigate();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [name, setName] = useState('');
  const [address, setAddress] = useState('');
  const [isVerified, setVerified] = useState(false);
  const [invites, setInvites] = useState(false);
  const mayInvite = address.trim() !== '' && password === '';
  const { busy, error, make } = useMaking();
  async function create(event: FormEvent): Promise<void> {
    event.preventDefault();
    const claims = {
      ...(name.trim() !== '' && { name: name.trim() }),
      ...(address.trim() !== '' && { email: address.trim(), email_verified: isVerified }),
    };
    const wanted = { username, ...(password !== '' && { password }), ...(Object.keys(claims).length > 0 && { claims }) };
    await make(wanted, async (idempotencyKey) => {
      const { body } = await call('users.create', { body: wanted, idempotencyKey });
      tell(t('users.createdNote', { name: username }));
      if (mayInvite && invites) await sendInvitation(body.sub, t);
      await navigate({ to: '/users/$sub', params: { sub: body.sub } });
    });
  }
  return (
    <Dialog opened={isOpen} close={() => ask(undefined)} title={t('users.newTitle')}>
      <form onSubmit={(event) => void create(event)}>
        <Stack>
          <TextInput
            label={t('users.username')}
            required
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
            maxLength={64}
            autoComplete="off"
          />
          <TextInput
            label={t('edit.claim.name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={200}
            autoComplete="off"
          />
          <TextInput
            type="email"
            label={t('users.email')}
            value={address}
            onChange={(event) => setAddress(event.currentTarget.value)}
            maxLength={254}
            autoComplete="off"
          />
          {address.trim() !== '' && (
            <Checkbox
              label={t('edit.claim.emailVerified')}
              description={t('edit.hint.emailVerified')}
              checked={isVerified}
              onChange={(event) => setVerified(event.currentTarget.checked)}
            />
          )}
          {mayInvite && (
            <Checkbox
              label={t('users.invite')}
              description={t('users.inviteHint')}
              checked={invites}
              onChange={(event) => setInvites(event.currentTarget.checked)}
            />
          )}
          <PasswordInput
            label={t('users.password')}
            description={t('users.passwordHint')}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="new-password"
          />
          {error !== undefined && <Problem error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => ask(undefined)}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={busy}>
              {t('clients.create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
