import type { RouteSpec } from '../routes.js';
import { ListQuery } from './common.js';
import * as members from './members.js';
import { LIST, READ, WRITE } from './refusals.js';

export const MEMBER_ROUTES = {
  listMembers: {
    method: 'GET',
    path: '/v1/members',
    tag: 'Members',
    summary: 'List the tenant’s members',
    auth: 'session',
    query: ListQuery,
    success: { status: 200, schema: members.MemberList, description: 'A page of members.' },
    problems: LIST,
  },
  addMember: {
    method: 'POST',
    path: '/v1/members',
    tag: 'Members',
    summary: 'Add a user to the tenant, by e-mail address',
    description: 'For owners. Somebody new gets an initial password to pass on.',
    auth: 'session',
    body: members.MemberBody,
    success: { status: 201, schema: members.AddedMember, description: 'The member.' },
    problems: [...WRITE, 'conflict', 'quota_exceeded'],
  },
  updateMember: {
    method: 'PATCH',
    path: '/v1/members/{member}',
    tag: 'Members',
    summary: 'Change a member’s role',
    description: 'For owners. The last owner stays owner.',
    auth: 'session',
    body: members.MemberPatch,
    success: { status: 200, schema: members.Member, description: 'The member as it is now.' },
    problems: [...WRITE, 'conflict'],
  },
  removeMember: {
    method: 'DELETE',
    path: '/v1/members/{member}',
    tag: 'Members',
    summary: 'Remove a member',
    description: 'For owners. The last owner cannot be removed.',
    auth: 'session',
    success: { status: 204, description: 'Removed.' },
    problems: [...READ, 'conflict'],
  },
} as const satisfies Record<string, RouteSpec>;
