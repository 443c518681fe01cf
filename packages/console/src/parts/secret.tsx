import { Button, CopyButton, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A secret, once. It is in no address, no storage and no cache: closing it is the end of it here. */
export function Secret({ secret, close }: { readonly secret: string; readonly close?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="stack">
      <Text>{t('clients.once')}</Text>
      <code className="secret" data-testid="secret">
        {secret}
      </code>
      <Group>
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {t(copied ? 'common.copied' : 'common.copy')}
            </Button>
          )}
        </CopyButton>
        {close !== undefined && <Button onClick={close}>{t('common.close')}</Button>}
      </Group>
    </div>
  );
}
