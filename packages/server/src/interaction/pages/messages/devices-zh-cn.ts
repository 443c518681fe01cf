import { html } from '../html.ts';
import type { DevicesMessages } from './devices.ts';

const KINDS = { desktop: '一台电脑', mobile: '一部手机', tablet: '一台平板', tv: '一台电视', other: '另一台设备' } as const;

/** Simplified Chinese. */
export const devicesZhCn: DevicesMessages = {
  full: '你登录的设备过多',
  fullLead: (count) => `要在此继续，请先退出 ${count} 台设备。`,
  fullAtClient: (client) => html`你在过多的设备上使用 ${client}。`,
  fullAtClientLead: (count) => `要在此继续，请先在 ${count} 台设备上停止使用。`,
  choose: '你已登录的设备',
  signOut: '退出所选设备并继续',
  signOutAtClient: '停用所选设备并继续',
  tooFew: (count) => `请至少选择 ${count} 台设备。`,
  elsewhere: '要在此设备上继续吗？',
  elsewhereLead: (client) => html`在此登录之后，你又在另一台设备上使用了 ${client}。`,
  elsewhereMeaning: '如果在此继续，你在那台设备上会退出该应用。',
  here: '在此继续',
  cancel: '取消',
  account: (user) => html`账号 ${user}`,
  unnamed: '未知设备',
  lastUsed: (when) => html`最近使用：${when}`,
  titleProblem: '有问题',
  replaced: (when, device) => `你已在${KINDS[device ?? 'other']}上登录，因此这里已退出（${when}）。`,
};
