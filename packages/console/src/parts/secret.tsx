import { Button, CopyButton, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A secret, once. It is in no address, no storage and no cache: closing it is the end of it here. */
export function Secret({ secret }: { readonly secret: string }) {
  const { t } = useTranslation();
  return (
    <div className="stack">
      <Text>{t('clients.once')}</Text>
      <code className="secret" data-testid="secret">
        {secret}
      </code>
      <CopyButton value={secret}>
        {({ copied, copy }) => (
          <Button variant="default" onClick={copy}>
            {t(copied ? 'common.copied' : 'common.copy')}
          </Button>
        )}
      </CopyButton>
    </div>
  );
}
