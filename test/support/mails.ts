/** A mail as `/dev/mail` tells programs of it. */
export interface DevMail {
  readonly number: number;
  readonly to: string;
  readonly locale: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const WAIT_MS = 60_000;

/** The mails so far, newest first, once there are so many for an address. */
export async function mailsFor(origin: string, address: string, count = 1): Promise<readonly DevMail[]> {
  for (const begun = performance.now(); ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const reply = await fetch(`${origin}/dev/mail`, { headers: { accept: 'application/json' } });
    if (reply.status !== 200) throw new Error(`no mails are kept: ${reply.status}`);
    const all: DevMail[] = JSON.parse(await reply.text());
    const found = all.filter(({ to }) => to === address);
    if (found.length >= count) return found;
    if (performance.now() - begun > WAIT_MS) throw new Error(`${found.length} mails for ${address} and not ${count}`);
  }
}

/** The latest mail for an address, once there are so many. */
export async function mailFor(origin: string, address: string, count = 1): Promise<DevMail> {
  const [mail] = await mailsFor(origin, address, count);
  if (mail === undefined) throw new Error('no mail');
  return mail;
}

/** The code in a mail; '' where there is none. */
export function codeOf({ text }: Pick<DevMail, 'text'>): string {
  return (/^ {4}(\d{4}) (\d{4})$/m.exec(text) ?? []).slice(1).join('');
}

/** The link in a mail. */
export function linkOf({ text }: Pick<DevMail, 'text'>): string {
  return /^https?:\/\/\S+$/m.exec(text)?.[0] ?? '';
}
