// What the API answers with, for the console's modules; `infra/openapi.yaml` says what each field means.

interface Limit {
  requests: number;
  per: keyof typeof import('./assets/words.js').words.form.per;
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
  enabled: boolean;
  expiresAt: string | null;
  lastUsedAt: string | null;
  allowedIps: string[] | null;
  limits: Limit[] | null;
  effectiveLimits: Limit[] | null;
  status: 'ACTIVE' | 'DISABLED' | 'EXPIRED' | 'EXPOSED' | 'SUSPENDED';
  etag: string;
}

/** What a dialog asks before something is done. */
interface Question {
  title: string;
  content: any[];
  action: string;
  kind: 'primary' | 'danger';
  complain?: () => boolean;
  perform: () => Promise<void>;
}
