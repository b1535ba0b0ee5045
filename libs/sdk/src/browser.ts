import { Holdline } from './client.js';
import { HoldlineError } from './errors.js';

// What one script tag brings.
Object.assign(globalThis, { Holdline, HoldlineError });
