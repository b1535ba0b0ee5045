import { Injectable, type PipeTransform } from '@nestjs/common';
import { CouponCode } from '#contracts';
import { missing } from '../http/validation.js';

/** A coupon's code in a path: what cannot be one is answered as one that does not exist. */
@Injectable()
export class CouponCodePipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!CouponCode.safeParse(value).success) throw missing('coupon');
    return value;
  }
}
