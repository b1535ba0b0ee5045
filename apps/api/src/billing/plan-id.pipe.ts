import { Injectable, type PipeTransform } from '@nestjs/common';
import { PlanId } from '#contracts';
import { missing } from '../http/validation.js';

/** A plan's id in a path: what cannot be one is answered as one that does not exist. */
@Injectable()
export class PlanIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!PlanId.safeParse(value).success) throw missing('plan');
    return value;
  }
}
