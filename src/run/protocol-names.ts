/** The protocols that published numbers follow; see protocol.ts. */
export const PROTOCOL_NAMES = ['posetrack17', 'posetrack18', 'coco'] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];
