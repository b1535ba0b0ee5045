export * from './port.js';
export { ModelEngine } from './model/model-engine.js';
export type { ModelEngineOptions } from './model/model-engine.js';
export { EmbeddedEngine } from './embedded/embedded-engine.js';
export type { EmbeddedEngineOptions, EngineLog } from './embedded/options.js';
