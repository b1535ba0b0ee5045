import type { PipeTransform } from '@nestjs/common';
import { missing } from '../http/validation.js';

/** A name of our own making in a path: what cannot be one is answered as one that does not exist. */
export class NamePipe implements PipeTransform<string, string> {
  constructor(
    private readonly schema: { safeParse(value: string): { readonly success: boolean } },
    private readonly what: string,
  ) {}

  transform(value: string): string {
    if (!this.schema.safeParse(value).success) throw missing(this.what);
    return value;
  }
}
