import type { MailWords } from './mail-words.ts';

/** Simplified Chinese, written for its readers and not along the English. */
export const zhCn: MailWords = {
  productName: '虎符',
  sentBy: (host) => `本邮件由 ${host} 发出。我们不会向你索要验证码或密码。`,
  orOpen: '或者打开这个链接：',
  signIn: {
    subject: '登录验证码',
    heading: '登录',
    lead: '有人（应该是你本人）正在用这个邮箱登录你的账号。',
    code: '请在登录页面输入：',
    act: '登录',
    closing: (lifetime) => [
      `验证码和链接只能用一次，${lifetime}内有效。`,
      '如果不是你本人，不必理会，也不要把验证码告诉任何人：没有它，谁也进不来。',
    ],
  },
  signUp: {
    subject: '请确认你的邮箱',
    heading: '还差一步',
    lead: '有人（应该是你本人）正在用这个邮箱注册账号。',
    code: '请在注册页面输入：',
    act: '确认邮箱',
    closing: (lifetime) => [`验证码和链接只能用一次，${lifetime}内有效。`, '如果不是你本人，不必理会，账号就不会建立。'],
  },
  verifyEmail: {
    subject: '请确认你的邮箱',
    heading: '这是你的邮箱吗？',
    lead: '有人（应该是你本人）在自己的账号里填写了这个邮箱。',
    code: '请在要求验证的页面输入：',
    act: '确认邮箱',
    closing: (lifetime) => [
      `验证码和链接只能用一次，${lifetime}内有效，而且只在你已登录的浏览器里有效。`,
      '如果不是你本人，不必理会，什么也不会发生。',
    ],
  },
  resetPassword: {
    subject: '设置新密码',
    heading: '设置新密码',
    lead: '有人（应该是你本人）请求为你的账号设置新密码。',
    code: '',
    act: '设置新密码',
    closing: (lifetime) => [`链接只能用一次，${lifetime}内有效。`, '如果不是你本人，不必理会，密码不会改变。'],
  },
  invite: {
    subject: '你在 {name} 的账号',
    heading: '{name} 为你开通了账号',
    lead: '{name} 的管理员用这个邮箱为你开通了账号。设置密码后即可使用。',
    code: '',
    act: '设置密码',
    closing: (lifetime) => [
      `链接只能用一次，${lifetime}内有效。收到新的邀请后，旧链接就作废了。`,
      '如果你没有在等这样的账号，不必理会：没有这个链接，谁也进不来。',
    ],
  },
  enrol: {
    subject: '继续登录的验证码',
    heading: '还差一步',
    lead: '有人（应该是你本人）输对了密码，正要为账号添加第二种验证方式。',
    code: '请在登录页面输入：',
    act: '',
    closing: (lifetime) => [
      `验证码只能用一次，${lifetime}内有效。`,
      '如果不是你本人，不要把验证码告诉任何人，并尽快更改密码：有人知道了它。',
    ],
  },
  noPassword: {
    subject: '没有可以重设密码的账号',
    heading: '没有可以重设的密码',
    lead: '有人（应该是你本人）用这个邮箱请求设置新密码，但没有哪个设有密码的账号验证过这个邮箱。',
    closing: '也许你注册时用的是别的邮箱，或者平时用别的方式登录。如果不是你本人，不必理会。',
  },
  accountThere: {
    subject: '你已经有账号了',
    heading: '你已经有账号了',
    lead: '有人（应该是你本人）想用这个邮箱注册，但它已经有账号了，请直接登录。',
    act: '登录',
    closing: '忘了密码？登录页面上有找回的入口。如果不是你本人，不必理会。',
  },
  notices: {
    new_device: {
      subject: '你的账号有一次新的登录',
      heading: '在新设备上登录',
      lead: '你的账号刚刚在一个从未用过的浏览器里登录。',
    },
    password_changed: {
      subject: '你的密码已更改',
      heading: '密码已更改',
      lead: '你的账号换了新密码，旧密码已经作废。',
    },
    factor_added: {
      subject: '账号添加了登录方式',
      heading: '添加了登录方式',
      lead: '你的账号添加了一个验证器或通行密钥。',
    },
    factor_removed: {
      subject: '账号移除了登录方式',
      heading: '移除了登录方式',
      lead: '你的账号移除了一个验证器或通行密钥。',
    },
    recovery_codes_made: {
      subject: '恢复码已重新生成',
      heading: '恢复码已重新生成',
      lead: '你的账号有了一组新的恢复码，旧的已经作废。',
    },
    recovery_code_used: {
      subject: '有一个恢复码被使用',
      heading: '恢复码被使用',
      lead: '有人用一个恢复码登录了你的账号，这个恢复码已经用掉。',
    },
    address_changed: {
      subject: '账号的邮箱已更改',
      heading: '账号换了邮箱',
      lead: '你的账号不再使用这个邮箱，今后的邮件会寄往新的邮箱。',
    },
    identity_linked: {
      subject: '关联了外部账号',
      heading: '关联了外部账号',
      lead: '另一个服务的账号现在可以登录你的账号。',
    },
    identity_unlinked: {
      subject: '解除了外部账号的关联',
      heading: '解除了外部账号的关联',
      lead: '另一个服务的账号不能再登录你的账号。',
    },
    too_many_tries: {
      subject: '可能有人知道了你的密码',
      heading: '可能有人知道了你的密码',
      lead: '有人输对了你的密码，但接连多次输错验证码，没有登录成功。',
    },
    passkey_suspicious: {
      subject: '有一个通行密钥被拒绝',
      heading: '通行密钥可能被复制',
      lead: '你的一个通行密钥计数倒退，像是被复制过，这次使用已被拒绝。如果你不清楚原因，请移除它。',
    },
    account_deleted: {
      subject: '你的账号已删除',
      heading: '账号已删除',
      lead: '你的账号和其中的内容已经删除，这是有关它的最后一封邮件。',
    },
  },
  notice: {
    when: '时间',
    device: '设备',
    name: '名称',
    newAddress: '新邮箱',
    notYou: '如果是你本人，无需处理。如果不是，请马上查看账号：退出其他登录，并更改密码。',
    act: '查看账号',
    notYouGone: '如果不是你本人，请联系本服务的管理方。',
  },
};
