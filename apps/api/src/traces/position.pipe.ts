import { Injectable, type PipeTransform } from '@nestjs/common';
import { missing } from '../http/validation.js';

/** A position in a path: digits, as positions are written. */
@Injectable()
export class PositionPipe implements PipeTransform<string, number> {
  transform(value: string): number {
    if (!/^[1-9]\d{0,14}$/.test(value)) throw missing('message');
    return Number(value);
  }
}
