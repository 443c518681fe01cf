import { html } from '../html.ts';
import { largestUnit } from '../largest-unit.ts';
import type { MailMessages } from './mail-messages.ts';

const UNITS = { day: '天', hour: '小时', minute: '分钟', second: '秒' } as const;

function duration(seconds: number): string {
  const { count, unit } = largestUnit(seconds);
  return `${count} ${UNITS[unit]}`;
}

/** Simplified Chinese, written for its readers and not along the English. */
export const zhCnMail: MailMessages = {
  address: '邮箱',
  notAnAddress: '这不像邮箱地址。写法如 name@example.com。',
  tooMany: (seconds) => `从这里请求的邮件太多了，请等 ${duration(seconds)}后再试。`,
  titleProblem: '还没有完成',
  signIn: {
    offer: '用邮箱验证码登录',
    heading: '用邮箱登录',
    lead: '我们会寄出一封邮件，里面有验证码和链接，用哪一个都能在这里登录。',
    submit: '发送邮件',
    cancel: '取消',
    otherWays: '用其他方式登录',
  },
  code: {
    heading: '请查收邮件',
    ifThere: (address) => html`如果有账号使用 ${address}，验证码邮件已经寄往那里。`,
    sent: (address) => html`验证码邮件已经寄往 ${address}。`,
    patience: '可能需要一分钟。如果没有收到，也请看看垃圾邮件。',
    code: '邮件里的验证码',
    submit: '继续',
    noCode: '验证码是八位数字。',
    wrong: (left) => `验证码不对，还可以试 ${left} 次。`,
    over: '这封邮件已经失效：验证码用过了、输错太多次，或者等得太久。请重新发送。',
    again: '重新发送邮件',
  },
  link: {
    heading: '要在这里登录吗？',
    lead: '是你在这个浏览器里请求登录的。',
    submit: '登录',
    headingSignUp: '要确认这个邮箱吗？',
    leadSignUp: '你正在这个浏览器里注册账号。',
    submitSignUp: '确认并继续',
    headingElsewhere: '是你本人吗？',
    leadElsewhere: '这封邮件是在另一个浏览器里请求的，要在那里输入验证码才能继续。',
    warning: '如果有人向你索要验证码，那就不是你本人在登录，给了他，他就进入了你的账号。真正帮你的人不需要它。',
    notMe: '不是我',
    showCode: '是我，显示验证码',
    headingCode: '请到那边输入这个验证码',
    leadCode: '只能用一次，两分钟内有效，而且只在你请求登录的那个浏览器里有效。邮件里的验证码已经作废。',
    headingRefused: '谁也进不来了',
    refused: '这封邮件里的验证码和链接已经作废。',
    headingOver: '这个链接已经失效',
    over: '它可能用过了、等得太久，或者复制时缺了一段。刚才什么也没有发生。',
    toSignIn: '前往登录页面',
  },
  recover: {
    offer: '忘记密码？',
    heading: '忘记密码？',
    lead: '我们会寄出一封邮件，用里面的链接可以设置新密码。',
    submit: '发送邮件',
    back: '返回登录页面',
    sentHeading: '请查收邮件',
    sent: (address) => html`邮件已经寄往 ${address}。如果有设了密码的账号使用这个邮箱，里面会有设置新密码的链接。`,
    secondHeading: '还有一步',
    second: '你的账号设有第二种验证方式，更换密码之前需要先用它验证。',
    secondSubmit: '继续',
    resetHeading: '设置新密码',
    resetLead: (user) => html`账号 ${user}。所有设备上的登录都会退出。`,
    password: '新密码',
    resetSubmit: '保存密码',
    doneHeading: '密码已更改',
    done: '所有登录都已退出，请用新密码登录。',
    signIn: '登录',
    overHeading: '这个链接已经失效',
    over: '它可能用过了、等得太久，或者账号在那之后有了变化。密码没有改变。',
    again: '重新发送邮件',
  },
  invitation: {
    heading: '设置密码',
    lead: (user, address) => html`你的账号名是 ${user}，邮箱是 ${address}。以后用这个名字和在这里设置的密码登录。`,
    password: '密码',
    doneHeading: '账号已经归你使用',
    done: '密码已保存，邮箱也已确认，现在可以登录了。',
    overHeading: '这份邀请已经失效',
    over: '它可能用过了、过期了、被新的邀请取代，或者账号在那之后有了变化。如果你已经设过密码，请直接登录；否则请让邀请你的人再发一次。',
  },
  email: {
    now: (address) => html`你的邮箱是 ${address}，已经验证。`,
    unverified: (address) => html`你的邮箱是 ${address}，还没有验证。`,
    none: '你的账号还没有邮箱。',
    linkLead: (address) => html`${address} 是你的，也要用于这个账号吗？`,
    linkSubmit: '确认邮箱',
    elsewhereHeading: '请先登录',
    elsewhere: '填写这个邮箱的账号没有在此浏览器登录。请在登录了它的浏览器里打开链接，或者在那里输入验证码。如果不是你本人，请关闭本页。',
    doneHeading: '邮箱已确认',
    done: (address) => html`你的账号从现在起使用 ${address}。`,
    forgotten:
      '在此之前，没有人证明过这个邮箱属于谁。为了安全，这次登录没有用到的东西都已移除：密码、其他登录方式和其他登录。请设置新密码。',
    account: '我的账号',
  },
  dev: {
    heading: '邮件',
    lead: '没有配置邮件服务器，所以邮件都在这里：启动以来的最后五十封，只有本机能看到。',
    none: '还没有邮件。',
    to: '收件人',
    at: '时间',
    text: '纯文本',
    preview: '邮件程序里的样子',
    back: '全部邮件',
  },
};
