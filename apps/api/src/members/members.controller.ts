import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  ListQuery,
  MemberBody,
  MemberPatch,
  type AddedMember,
  type Member,
  type Page,
} from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { MembersService } from './members.service.js';

@Controller()
export class MembersController {
  constructor(@Inject(MembersService) private readonly members: MembersService) {}

  @Route(CONTROL_ROUTES.listMembers)
  list(
    @CurrentTenant() { tenantId }: TenantActor,
    @Query({ schema: ListQuery }) query: ListQuery,
  ): Promise<Page<Member>> {
    return this.members.list(tenantId, query);
  }

  @Route(CONTROL_ROUTES.addMember, 'own')
  add(
    @CurrentTenant() actor: TenantActor,
    @Body({ schema: MemberBody }) body: MemberBody,
  ): Promise<AddedMember> {
    return this.members.add(actor, body);
  }

  @Route(CONTROL_ROUTES.updateMember, 'own')
  update(
    @CurrentTenant() actor: TenantActor,
    @Param('member', IdPipe) member: string,
    @Body({ schema: MemberPatch }) patch: MemberPatch,
  ): Promise<Member> {
    return this.members.setRole(actor, member, patch.role);
  }

  @Route(CONTROL_ROUTES.removeMember, 'own')
  remove(
    @CurrentTenant() actor: TenantActor,
    @Param('member', IdPipe) member: string,
  ): Promise<void> {
    return this.members.remove(actor, member);
  }
}
