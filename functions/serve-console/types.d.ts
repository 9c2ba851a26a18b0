// What the API answers with, for the console's modules; `infra/openapi.yaml` describes each field.

interface Limit {
  requests: number;
  per: keyof typeof import('./assets/words.js').words.form.per;
  /** At least so many, in the account's answer. */
  remaining?: number;
}

interface Key {
  id: string;
  company: string;
  userId: string;
  username: string;
  createdBy: string;
  createdByKeyId: string | null;
  operations: string[];
  trafficType: string;
  name: string | null;
  description: string | null;
  createdAt: string;
  valueCreatedAt: string;
  lifetimeExempt: boolean;
  enabled: boolean;
  expiresAt: string | null;
  lastUsedAt: string | null;
  allowedIps: string[] | null;
  limits: Limit[] | null;
  effectiveLimits: Limit[] | null;
  accountLimits?: Limit[] | null;
  status: 'ACTIVE' | 'DISABLED' | 'EXPIRED' | 'EXPOSED' | 'SUSPENDED';
  etag: string;
  tags: Record<string, string>;
  previousValueValidUntil: string | null;
  previousValueLastUsedAt: string | null;
}

interface Account {
  accountId: string;
  company: string;
  externalId: string | null;
  keyCount: number;
  maxKeys: number | null;
  operations: string[];
  /** None for a key that only reads. */
  grantableOperations: string[];
  trafficTypes: string[];
  maxKeyLifetimeDays: number | null;
  accountLimits?: Limit[] | null;
}

/** What a request has beside its method and path. */
interface Call {
  body?: object;
  /** Ends it; otherwise the view in which it begins does, or, where this is `null`, nothing. */
  signal?: AbortSignal | null;
  /** The version that it is to be done on. */
  etag?: string;
  /** Under which it is done once. */
  name?: string;
  /** Why the session ends if its key is refused, a word of `words.signIn.ended`. */
  reason?: string;
  /** What may have been done by then, for people. */
  doubt?: any;
  /** Is called before the session ends because its key is refused. */
  release?: () => void;
}

/** What a dialog asks before something is done. */
interface Question {
  title: any;
  /** What describes it. */
  about?: any;
  fields?: any;
  action: string;
  kind?: 'primary' | 'primary danger';
  /** Whether it may be closed; `slot` takes further text. */
  perform: (slot: any, close: () => void) => Promise<boolean | void>;
  /** What is done if the answer is no. */
  instead?: () => void;
}

/** What a field of a form is made of: one input, or a group with several. */
interface Field {
  input?: any;
  group?: any;
  inputs?: any[];
  required?: boolean;
  /** What to send, `null` for nothing. */
  read: () => any;
  /** What the page finds wrong without asking the API. */
  check?: () => { field: string; message: string }[];
  /** What an error at an index is about. */
  part?: (at: any) => { label?: string; input?: any } | undefined;
}
