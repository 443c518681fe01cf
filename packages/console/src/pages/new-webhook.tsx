import { isProblem } from '@hufu/client/admin';
import { Button, Group, Stack, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, newKey } from '../api/api.ts';
import { isRecent, useMay, useMe } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { goToSignIn } from '../api/sign-in.ts';
import { Page, Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { Secret } from '../parts/secret.tsx';

const STEP_UP_SECONDS = 60;

export function NewWebhookPage() {
  const { t } = useTranslation();
  const me = useMe();
  const mayMake = useMay('security');
  const [url, setUrl] = useState('');
  const [actions, setActions] = useState('*');
  const [description, setDescription] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [made, setMade] = useState<{ readonly id: string; readonly secret: string }>();
  // The same for every attempt at the same form: a lost answer makes no second webhook.
  const key = useRef(newKey());

  async function create(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const wanted = actions.split(/[\s,]+/).filter((one) => one !== '');
      const body = { url: url.trim(), actions: wanted, description: description.trim() };
      const { body: reply } = await call('webhooks.create', { body, idempotencyKey: key.current });
      void queryClient.invalidateQueries({ queryKey: ['webhooks.list'] });
      setMade({ id: reply.webhook.webhook_id, secret: reply.secret });
    } catch (thrown) {
      key.current = newKey();
      if (isProblem(thrown, 'insufficient_user_authentication')) goToSignIn(STEP_UP_SECONDS);
      else setError(thrown);
    } finally {
      setBusy(false);
    }
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
        <Sheet>
          <Stack align="flex-start">
            <p className="faded">{t('danger.stepUp')}</p>
            <Button onClick={() => goToSignIn(STEP_UP_SECONDS)} data-testid="step-up">
              {t('danger.stepUpGo')}
            </Button>
          </Stack>
        </Sheet>
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
