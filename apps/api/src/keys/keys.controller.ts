import { Body, Controller, Inject, Param, Query } from '@nestjs/common';
import {
  CONTROL_ROUTES,
  KeyBody,
  KeyPatch,
  ListQuery,
  RotateBody,
  type CreatedKey,
  type Key,
  type KeyUse,
  type ListedKey,
  type Page,
} from '#contracts';
import { CurrentTenant, type TenantActor } from '../auth/actor.js';
import { Route } from '../http/route.js';
import { IdPipe } from '../http/validation.js';
import { KeysService } from './keys.service.js';

@Controller()
export class KeysController {
  constructor(@Inject(KeysService) private readonly keys: KeysService) {}

  @Route(CONTROL_ROUTES.listKeys)
  list(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Query({ schema: ListQuery }) query: ListQuery,
  ): Promise<Page<ListedKey>> {
    return this.keys.list(tenantId, app, query);
  }

  @Route(CONTROL_ROUTES.createKey, 'develop')
  create(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
    @Body({ schema: KeyBody }) body: KeyBody,
  ): Promise<CreatedKey> {
    return this.keys.create(actor, app, body);
  }

  @Route(CONTROL_ROUTES.updateKey, 'develop')
  update(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
    @Param('key', IdPipe) key: string,
    @Body({ schema: KeyPatch }) body: KeyPatch,
  ): Promise<Key> {
    return this.keys.update(actor, app, key, body);
  }

  @Route(CONTROL_ROUTES.keyUse)
  use(
    @CurrentTenant() { tenantId }: TenantActor,
    @Param('app', IdPipe) app: string,
    @Param('key', IdPipe) key: string,
  ): Promise<KeyUse> {
    return this.keys.use(tenantId, app, key);
  }

  @Route(CONTROL_ROUTES.rotateKey, 'develop')
  rotate(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
    @Param('key', IdPipe) key: string,
    @Body({ schema: RotateBody }) body: RotateBody,
  ): Promise<CreatedKey> {
    return this.keys.rotate(actor, app, key, body.graceSeconds);
  }

  @Route(CONTROL_ROUTES.revokeKey, 'develop')
  revoke(
    @CurrentTenant() actor: TenantActor,
    @Param('app', IdPipe) app: string,
    @Param('key', IdPipe) key: string,
  ): Promise<void> {
    return this.keys.revoke(actor, app, key);
  }
}
