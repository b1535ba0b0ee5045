import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  ListQuery,
  NamespaceBody,
  NamespacePatch,
  NamespaceRulesBody,
  type Namespace,
  type Page,
} from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { NamespaceNamePipe, NamespacesService } from './namespaces.service.js';

@Controller()
export class NamespacesController {
  constructor(@Inject(NamespacesService) private readonly namespaces: NamespacesService) {}

  @Route(CONTROL_ROUTES.listNamespaces)
  list(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Query({ schema: ListQuery }) query: ListQuery,
  ): Promise<Page<Namespace>> {
    return this.namespaces.list(tenantId, app, query);
  }

  @Route(CONTROL_ROUTES.createNamespace, 'develop')
  create(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
    @Body({ schema: NamespaceBody }) body: NamespaceBody,
  ): Promise<Namespace> {
    return this.namespaces.create(actor, app, body);
  }

  @Route(CONTROL_ROUTES.getNamespace)
  get(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Param('namespace', NamespaceNamePipe) name: string,
  ): Promise<Namespace> {
    return this.namespaces.get(tenantId, app, name);
  }

  @Route(CONTROL_ROUTES.putNamespace, 'develop')
  put(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
    @Param('namespace', NamespaceNamePipe) name: string,
    @Body({ schema: NamespaceRulesBody }) rules: NamespaceRulesBody,
  ): Promise<Namespace> {
    return this.namespaces.replace(actor, app, name, rules);
  }

  @Route(CONTROL_ROUTES.updateNamespace, 'develop')
  update(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
    @Param('namespace', NamespaceNamePipe) name: string,
    @Body({ schema: NamespacePatch }) patch: NamespacePatch,
  ): Promise<Namespace> {
    return this.namespaces.update(actor, app, name, patch);
  }

  @Route(CONTROL_ROUTES.deleteNamespace, 'develop')
  remove(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
    @Param('namespace', NamespaceNamePipe) name: string,
  ): Promise<void> {
    return this.namespaces.remove(actor, app, name);
  }
}
