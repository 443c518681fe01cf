import { Button, Group, Stack, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
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

export function NewWebhookPage() {
  const { t } = useTranslation();
  const me = useMe();
  const mayMake = useMay('security');
  const [url, setUrl] = useState('');
  const [actions, setActions] = useState('*');
  const [description, setDescription] = useState('');
  const { busy, error, make } = useMaking();
  const [made, setMade] = useState<{ readonly id: string; readonly secret: string }>();

  async function create(event: FormEvent): Promise<void> {
    event.preventDefault();
    const wanted = actions.split(/[\s,]+/).filter((one) => one !== '');
    const body = { url: url.trim(), actions: wanted, description: description.trim() };
    await make(body, async (idempotencyKey) => {
      const { body: reply } = await call('webhooks.create', { body, idempotencyKey });
      void queryClient.invalidateQueries({ queryKey: ['webhooks.list'] });
      setMade({ id: reply.webhook.webhook_id, secret: reply.secret });
    });
  }

  const crumb = (
    <Link className="link" to="/webhooks">
      {t('webhooks.title')}
    </Link>
  );
  if (made !== undefined)
    return (
      <Page id="new-webhook" title={t('webhooks.madeTitle')} lead={t('webhooks.madeLead')} crumb={crumb}>
        <Sheet>
          <Secret secret={made.secret} />
          <p>
            <Link className="link" to="/webhooks/$id" params={{ id: made.id }}>
              {t('webhooks.toWebhook')}
            </Link>
          </p>
        </Sheet>
      </Page>
    );
  return (
    <Page id="new-webhook" title={t('webhooks.new')} lead={t('webhooks.newLead')} crumb={crumb}>
      {!mayMake ? (
        <p>{t('webhooks.needsRole')}</p>
      ) : !isRecent(me) ? (
        <StepUp />
      ) : (
        <form onSubmit={(event) => void create(event)}>
          <Sheet>
            <Stack maw="36rem">
              <TextInput
                label={t('webhooks.url')}
                description={t('webhooks.urlHint')}
                required
                value={url}
                onChange={(event) => setUrl(event.currentTarget.value)}
                maxLength={2048}
                spellCheck={false}
                inputMode="url"
              />
              <TextInput
                label={t('webhooks.actions')}
                description={t('webhooks.actionsHint')}
                required
                value={actions}
                onChange={(event) => setActions(event.currentTarget.value)}
                maxLength={4096}
                spellCheck={false}
              />
              <TextInput
                label={t('webhooks.description')}
                value={description}
                onChange={(event) => setDescription(event.currentTarget.value)}
                maxLength={200}
              />
              {error !== undefined && <Problem error={error} />}
              <Group>
                <Button type="submit" loading={busy}>
                  {t('webhooks.make')}
                </Button>
              </Group>
            </Stack>
          </Sheet>
        </form>
      )}
    </Page>
  );
}
