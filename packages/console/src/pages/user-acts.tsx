import type { Role } from '@hufu/protocol/admin/roles';
import type { UserView } from '@hufu/protocol/admin/users';
import { Button, Menu, NativeSelect } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { ROLE_ORDER, useMay } from '../api/me.ts';
import { keyOf } from '../api/read.ts';
import { nowSeconds } from '../clock.ts';
import { Danger, useAsk } from '../parts/danger.tsx';
import { tell, tellProblem } from '../parts/tell.tsx';
import { sendInvitation } from './send-invitation.ts';

/** What can be done for a user, by the role of whoever looks. */
export function UserActs({ user, etag }: { readonly user: UserView; readonly etag: string | undefined }) {
  const { t } = useTranslation();
  const [maySupport, maySecure, isOwner] = [useMay('support'), useMay('security'), useMay('owner')];
  const ask = useAsk();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [role, setRole] = useState<Role | ''>(user.role ?? '');
  if (!maySupport) return null;
  const { sub, username: name } = user;
  const params = { sub };
  const isLocked = user.locked_until !== undefined && user.locked_until > nowSeconds();
  const refresh = (): void => void queries.invalidateQueries();
  /** Shown at once as it will be, and as it was where the server says no. */
  const change = (operation: 'users.enable' | 'users.unlock', note: string): void => {
    const key = keyOf('users.get', { params });
    const before = queries.getQueryData(key);
    const { locked_until: _, ...rest } = user;
    queries.setQueryData(key, { body: operation === 'users.enable' ? { ...user, enabled: true } : rest, etag: undefined });
    call(operation, { params }).then(
      () => {
        tell(note);
        refresh();
      },
      (error: unknown) => {
        queries.setQueryData(key, before);
        tellProblem(error);
      },
    );
  };
  const unlock = (): void => change('users.unlock', t('users.unlockedNote', { name }));
  const enable = (): void => change('users.enable', t('users.enabledNote', { name }));
  const fixed = user.source === 'config';
  return (
    <>
      <Button variant="default" onClick={() => ask('revoke')}>
        {t('users.revoke')}
      </Button>
      {isLocked ? (
        <Button onClick={unlock}>{t('users.unlock')}</Button>
      ) : (
        <Button variant="default" onClick={() => ask('lock')}>
          {t('users.lock')}
        </Button>
      )}
      {maySecure && !user.enabled && <Button onClick={enable}>{t('users.enable')}</Button>}
      {maySecure && (
        <Menu position="bottom-end" returnFocus>
          <Menu.Target>
            <Button variant="default" aria-label={t('common.actions')}>
              ⋯
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {user.source === 'admin' && !user.has_password && user.enabled && user.email !== undefined && (
              <Menu.Item onClick={() => void sendInvitation(sub, t)}>{t('users.invite')}</Menu.Item>
            )}
            {isOwner && <Menu.Item onClick={() => ask('role')}>{t('users.giveRole')}</Menu.Item>}
            {user.enabled && (
              <Menu.Item color="cinnabar" onClick={() => ask('disable')}>
                {t('users.disable')}
              </Menu.Item>
            )}
            {!fixed && (
              <Menu.Item color="cinnabar" onClick={() => ask('delete')}>
                {t('users.delete')}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <Danger
        name="revoke"
        title={t('users.revokeTitle', { name })}
        text={t('users.revokeText')}
        label={t('users.revoke')}
        look={async () => (await call('users.revoke', { params, query: { dry_run: true } })).body}
        act={() => call('users.revoke', { params })}
        done={() => {
          tell(t('users.revokedNote', { name }));
          refresh();
        }}
      />
      <Danger
        name="lock"
        title={t('users.lockTitle', { name })}
        text={t('users.lockText')}
        label={t('users.lock')}
        act={() => call('users.lock', { params, body: {} })}
        done={() => {
          tell(t('users.lockedNote', { name }), unlock);
          refresh();
        }}
      />
      {maySecure && (
        <>
          <Danger
            name="disable"
            title={t('users.disableTitle', { name })}
            text={t('users.disableText')}
            label={t('users.disable')}
            look={async () => (await call('users.disable', { params, query: { dry_run: true } })).body}
            act={() => call('users.disable', { params })}
            done={() => {
              tell(t('users.disabledNote', { name }), enable);
              refresh();
            }}
          />
          <Danger
            name="delete"
            title={t('users.deleteTitle', { name })}
            text={t('users.deleteText')}
            label={t('users.delete')}
            look={async () => (await call('users.delete', { params, query: { dry_run: true }, ifMatch: etag })).body}
            act={() => call('users.delete', { params, ifMatch: etag })}
            done={() => {
              tell(t('users.deletedNote', { name }));
              // The next page reads anew; this one asks no more for what is gone.
              void queries.invalidateQueries({ refetchType: 'none' });
              void navigate({ to: '/users' });
            }}
          />
        </>
      )}
      {isOwner && (
        <Danger
          name="role"
          title={t('users.roleTitle', { name })}
          text={role === '' ? t('users.roleNone') : t(`roleMeaning.${role}`)}
          label={t('common.save')}
          calm
          act={() => (role === '' ? call('administrators.remove', { params }) : call('administrators.put', { params, body: { role } }))}
          done={() => {
            tell(t('users.roleNote', { name }));
            refresh();
          }}
        >
          <NativeSelect
            label={t('users.giveRole')}
            value={role}
            onChange={(event) => setRole(ROLE_ORDER.find((one) => one === event.currentTarget.value) ?? '')}
            data={[{ value: '', label: t('users.roleNone') }, ...ROLE_ORDER.map((value) => ({ value, label: t(`role.${value}`) }))]}
          />
        </Danger>
      )}
    </>
  );
}
