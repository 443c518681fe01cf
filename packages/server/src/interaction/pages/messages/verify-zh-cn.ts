import { html } from '../html.ts';
import { largestUnit } from '../largest-unit.ts';
import type { VerifyMessages } from './verify.ts';

const UNITS = { second: '秒', minute: '分钟', hour: '小时', day: '天' } as const;

function duration(seconds: number): string {
  const { count, unit } = largestUnit(seconds);
  return `${count} ${UNITS[unit]}`;
}

/** Simplified Chinese. */
export const verifyZhCn: VerifyMessages = {
  heading: '还差一步',
  stepUpHeading: '请确认是你本人',
  account: (user) => html`账号 ${user}`,
  totpLead: '请输入身份验证器应用当前显示的验证码。',
  totpCode: '验证码',
  totpHint: '6 位数字，每 30 秒更换一次。',
  recoveryLead: '请输入你保存的一个恢复码。',
  recoveryCode: '恢复码',
  recoveryHint: (left) => (left === 1 ? '这是你的最后一个恢复码。' : `每个恢复码只能用一次，你还剩 ${left} 个。`),
  passkeyLead: '请使用通行密钥：指纹、面容，或设备、安全密钥的 PIN 码。',
  submit: '继续',
  cancel: '取消',
  skip: '暂不验证',
  wished: '该应用希望进一步确认是你本人。你也可以跳过。',
  trust: (days) => `信任此设备 ${days} 天`,
  trustHint: '在此期间，在这台设备上登录时不再要求这一步。请只在你自己专用的设备上勾选。',
  anotherWay: '其他方式',
  ways: { totp: '身份验证器应用的验证码', recovery_code: '恢复码', passkey: '通行密钥' },
  titleProblem: '尚未登录',
  wrong: {
    totp: '验证码不正确，或已经用过。请等下一个验证码出现后再输入。如果一直不对，请检查设备的时间。',
    recovery_code: '这不是你的恢复码，或者已经用过。请尝试列表中的下一个。',
  },
  slowedDown: (seconds) => `错误次数过多。请等待${duration(seconds)}后再试。`,
  off: '验证码连续输错次数过多，已暂停使用应用验证码。请改用通行密钥或恢复码，验证通过后即可恢复。',
  over: '操作时间过长，或者你的账号在此期间有变动。请重新登录。',
  freshLead: '你将更改重要的设置。请再次登录，以确认是你本人。',
  enrol: {
    heading: '保护你的账号',
    lead: '这里仅有密码还不够。请设置一次身份验证器应用，以后登录时输入它显示的验证码。',
    scan: '用身份验证器应用扫描',
    scanMeaning: '任何支持一次性验证码的应用都可以：密码管理器自带的，或手机应用商店里的。',
    cannotScan: '无法扫描？请把这个密钥输入到应用中：',
    qrLabel: '二维码，内含身份验证器应用的密钥',
    type: '输入应用显示的验证码',
    submit: '完成设置',
    wrong: '验证码不正确。请等下一个验证码出现后再输入，并确认设备的时间准确。',
    over: '操作时间过长。这是一个新的密钥：请从应用中删除旧条目，然后重新扫描。',
    or: '或',
    copy: '复制',
    copied: '已复制',
  },
  enrolMail: {
    lead: (address) => html`你将设置今后保护账号的方式。请先确认账号属于你：我们会向 ${address} 发送一个验证码。`,
    send: '发送验证码',
    again: '重新发送',
  },
  codes: {
    heading: '保存好恢复码',
    lead: '如果手机丢失，可以用其中一个恢复码代替验证码登录。每个只能用一次。',
    once: '恢复码只显示这一次。请抄写、打印本页，或存入密码管理器。',
    kept: '已保存，继续',
    copy: '全部复制',
    copied: '已复制',
  },
};
