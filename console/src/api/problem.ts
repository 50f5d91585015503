/** What went wrong with a call, in one shape: problem details of the API (RFC 9457), or no answer at all. */
export interface FieldFault {
  pointer: string;
  detail: string;
}

export class Problem extends Error {
  constructor(
    /** HTTP status; 0 where no answer came. */
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly FieldFault[] = [],
    /** Seconds after which trying again makes sense. */
    readonly retryAfter: number | null = null,
    readonly requestId: string | null = null,
    /** The whole answer, for what is particular to one code. */
    readonly body: Record<string, unknown> = {},
  ) {
    super(detail || title || code);
    this.name = "Problem";
  }

  /** Whether the same call may well go through a little later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 503;
  }

  /** What was said of the field at a pointer: `/to` or `?limit`. */
  of(pointer: string): string | undefined {
    return this.errors.find((one) => one.pointer === pointer)?.detail;
  }
}

export function problemOf(response: Response, body: unknown): Problem {
  const told = (typeof body === "object" && body ? body : {}) as Record<string, unknown>;
  const text = (name: string) => (typeof told[name] === "string" ? (told[name] as string) : "");
  return new Problem(
    response.status,
    text("code") || `http_${response.status}`,
    text("title") || response.statusText || String(response.status),
    text("detail"),
    Array.isArray(told.errors) ? (told.errors as FieldFault[]) : [],
    Number(response.headers.get("retry-after")) || null,
    response.headers.get("x-request-id"),
    told,
  );
}

export function unreachable(fault: unknown): Problem {
  return new Problem(0, "unreachable", "", fault instanceof Error ? fault.message : String(fault));
}
