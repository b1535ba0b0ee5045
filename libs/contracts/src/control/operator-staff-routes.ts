import type { RouteSpec } from '../routes.js';
import * as staff from './operator-staff.js';
import { PasswordAgain } from './own-account.js';
import { OWN_ACCOUNT_ROUTES } from './own-account-routes.js';
import { ACCESS, LIST, SERVING, WRITE } from './refusals.js';

/** Signing in is for them what it is for users. */
const AS_OPERATOR = { tag: 'Operator', auth: 'operator' } as const;
const AGAIN = [...WRITE, 'rate_limited'] as const;

/** The operators themselves: how each signs in, who they are, and what they did. */
export const OPERATOR_STAFF_ROUTES = {
  operatorAccount: {
    method: 'GET',
    path: '/v1/operator/account',
    tag: 'Operator',
    summary: 'How one signs in as an operator',
    auth: 'operator',
    success: { status: 200, schema: staff.OperatorAccount, description: 'One’s own account.' },
    problems: [...ACCESS, ...SERVING],
  },
  operatorChangePassword: {
    ...OWN_ACCOUNT_ROUTES.changePassword,
    path: '/v1/operator/account/password',
    summary: 'Change one’s password as an operator',
    ...AS_OPERATOR,
  },
  operatorBeginTwoStep: {
    ...OWN_ACCOUNT_ROUTES.beginTwoStep,
    path: '/v1/operator/account/two-step',
    summary: 'Begin two-step sign-in as an operator: make a secret for an authenticator app',
    ...AS_OPERATOR,
  },
  operatorConfirmTwoStep: {
    ...OWN_ACCOUNT_ROUTES.confirmTwoStep,
    path: '/v1/operator/account/two-step/confirm',
    summary: 'Turn two-step sign-in on as an operator with a first code',
    ...AS_OPERATOR,
  },
  operatorRenewRecoveryCodes: {
    ...OWN_ACCOUNT_ROUTES.renewRecoveryCodes,
    path: '/v1/operator/account/two-step/recovery-codes',
    summary: 'Make new recovery codes as an operator',
    ...AS_OPERATOR,
  },
  operatorEndTwoStep: {
    ...OWN_ACCOUNT_ROUTES.endTwoStep,
    path: '/v1/operator/account/two-step/off',
    summary: 'Turn two-step sign-in off as an operator',
    ...AS_OPERATOR,
  },
  operatorStaff: {
    method: 'GET',
    path: '/v1/operator/operators',
    tag: 'Operator',
    summary: 'List the operators',
    auth: 'operator',
    success: { status: 200, schema: staff.StaffList, description: 'All of them.' },
    problems: [...ACCESS, ...SERVING],
  },
  operatorAddStaff: {
    method: 'POST',
    path: '/v1/operator/operators',
    tag: 'Operator',
    summary: 'Add an operator',
    description: 'Their first password is made here and shown this once.',
    auth: 'operator',
    body: staff.NewStaffBody,
    success: { status: 201, schema: staff.AddedStaff, description: 'They can sign in.' },
    problems: [...AGAIN, 'conflict'],
  },
  operatorRemoveStaff: {
    method: 'POST',
    path: '/v1/operator/operators/{operator}/remove',
    tag: 'Operator',
    summary: 'Remove an operator',
    description:
      'Their sessions end at once. Nobody removes themselves, so that one always remains.',
    auth: 'operator',
    body: PasswordAgain,
    success: { status: 204, description: 'They can sign in no more.' },
    problems: [...AGAIN, 'conflict'],
  },
  operatorLog: {
    method: 'GET',
    path: '/v1/operator/log',
    tag: 'Operator',
    summary: 'What operators did, newest first',
    description:
      'Everything, whether it was done to a tenant (whose own audit log holds it too) or to none.',
    auth: 'operator',
    query: staff.OperatorLogQuery,
    success: { status: 200, schema: staff.OperatorLog, description: 'A page of entries.' },
    problems: LIST,
  },
} as const satisfies Record<string, RouteSpec>;
