import { Button, Group, Radio, Stack, Textarea, TextInput } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { isRecent, useMay, useMe } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { useMaking } from '../api/use-making.ts';
import { Page, Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { Secret } from '../parts/secret.tsx';
import { StepUp } from '../parts/step-up.tsx';

const KINDS = ['web', 'spa', 'native', 'machine'] as const;
type Kind = (typeof KINDS)[number];

/** Registration metadata (RFC 7591 §2) of each kind. */
function metadataOf(kind: Kind, name: string, redirects: string, scope: string): Readonly<Record<string, unknown>> {
  const named = { client_name: name, ...(scope.trim() !== '' && { scope: scope.trim().split(/\s+/).join(' ') }) };
  if (kind === 'machine') return { ...named, grant_types: ['client_credentials'] };
  const redirect_uris = redirects.split(/\s+/).filter((one) => one !== '');
  const flow = { ...named, redirect_uris, grant_types: ['authorization_code', 'refresh_token'] };
  if (kind === 'web') return flow;
  return { ...flow, token_endpoint_auth_method: 'none', ...(kind === 'native' && { application_type: 'native' }) };
}

export function NewClientPage() {
  const { t } = useTranslation();
  const me = useMe();
  const mayChange = useMay('security');
  const navigate = useNavigate();
  const [kind, setKind] = useState<Kind>('web');
  const [name, setName] = useState('');
  const [redirects, setRedirects] = useState('');
  const [scope, setScope] = useState('');
  const { busy, error, make } = useMaking();
  const [made, setMade] = useState<{ readonly id: string; readonly secret: string | undefined }>();

  async function create(event: FormEvent): Promise<void> {
    event.preventDefault();
    const wanted = { metadata: metadataOf(kind, name, redirects, scope) };
    await make(wanted, async (idempotencyKey) => {
      const { body } = await call('clients.create', { body: wanted, idempotencyKey });
      void queryClient.invalidateQueries({ queryKey: ['clients.list'] });
      if (body.client_secret === undefined) await navigate({ to: '/clients/$id', params: { id: body.client.client_id } });
      else setMade({ id: body.client.client_id, secret: body.client_secret });
    });
  }

  const crumb = (
    <Link className="link" to="/clients">
      {t('nav.clients')}
    </Link>
  );
  if (made !== undefined)
    return (
      <Page id="new-client" title={t('clients.createdTitle', { name })} crumb={crumb}>
        <Sheet>
          {made.secret !== undefined && <Secret secret={made.secret} />}
          <p>
            <Link className="link" to="/clients/$id" params={{ id: made.id }}>
              {t('clients.toClient')}
            </Link>
          </p>
        </Sheet>
      </Page>
    );
  return (
    <Page id="new-client" title={t('clients.createTitle')} lead={t('clients.createLead')} crumb={crumb}>
      {!mayChange ? (
        <p>{t('common.readOnly', { role: me?.role ?? '' })}</p>
      ) : !isRecent(me) ? (
        <StepUp />
      ) : (
        <form onSubmit={(event) => void create(event)}>
          <Sheet>
            <Stack maw="36rem">
              <Radio.Group
                label={t('clients.kind')}
                value={kind}
                onChange={(value) => setKind(KINDS.find((one) => one === value) ?? 'web')}
              >
                <Stack gap="xs" mt="xs">
                  {KINDS.map((one) => (
                    <Radio key={one} value={one} label={t(`clients.kinds.${one}`)} description={t(`clients.kindMeaning.${one}`)} />
                  ))}
                </Stack>
              </Radio.Group>
              <TextInput
                label={t('clients.name')}
                required
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                maxLength={200}
              />
              {kind !== 'machine' && (
                <Textarea
                  label={t('clients.redirects')}
                  description={t('clients.redirectsHint')}
                  required
                  autosize
                  minRows={2}
                  value={redirects}
                  onChange={(event) => setRedirects(event.currentTarget.value)}
                  spellCheck={false}
                />
              )}
              <TextInput
                label={t('clients.scope')}
                description={t('clients.scopeHint')}
                value={scope}
                onChange={(event) => setScope(event.currentTarget.value)}
                spellCheck={false}
              />
              {error !== undefined && <Problem error={error} />}
              <Group>
                <Button type="submit" loading={busy}>
                  {t('clients.create')}
                </Button>
              </Group>
            </Stack>
          </Sheet>
        </form>
      )}
    </Page>
  );
}
