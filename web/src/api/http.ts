import { parseExact } from "@/lib/json";

/** An error answer of the server (RFC 9457), or none at all (status 0). */
export interface Problem {
  title: string;
  status: number;
  detail?: string;
  field?: string;
  platform?: string;
  run_id?: number;
}

export class ApiError extends Error {
  override name = "ApiError";

  constructor(readonly problem: Problem) {
    super(problem.detail ? `${problem.title}: ${problem.detail}` : problem.title);
  }

  get status(): number {
    return this.problem.status;
  }
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

interface Options {
  signal?: AbortSignal;
  headers?: Record<string, string>;
  body?: unknown;
}

/** The one way to the server: an answer that is not good becomes an ApiError, an aborted request stays an AbortError. */
export async function request(method: string, path: string, { signal, headers, body }: Options = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({
      title: "The server cannot be reached",
      status: 0,
      detail: "It may be down or restarting, or the network is.",
    });
  }
  if (!response.ok) throw new ApiError(await readProblem(response));
  return response;
}

async function readProblem(response: Response): Promise<Problem> {
  const { status } = response;
  const text = await response.text().catch(() => "");
  try {
    const body = JSON.parse(text) as Partial<Problem>;
    if (typeof body.title === "string") return { ...body, title: body.title, status };
  } catch {
    // Not JSON: a proxy in between has answered, or nothing has.
  }
  return {
    title: `The server answered ${status.toString()} ${response.statusText}`.trimEnd(),
    status,
    detail: "The answer was not Trawl's; something between this page and the server may be in the way.",
  };
}

async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text();
  try {
    return parseExact(text) as T;
  } catch {
    throw new ApiError({
      title: "The answer cannot be read",
      status: response.status,
      detail: "The server, or something between, sent what is not JSON.",
    });
  }
}

export const api = {
  get: async <T>(path: string, options?: Omit<Options, "body">): Promise<T> => readJson<T>(await request("GET", path, options)),

  /** For what not every server has: null if it is not there. */
  getIfThere: async <T>(path: string, options?: Omit<Options, "body">): Promise<T | null> => {
    try {
      return await api.get<T>(path, options);
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  },

  post: async <T>(path: string, body?: unknown, options?: Options): Promise<T | undefined> => {
    const response = await request("POST", path, { ...options, body });
    return response.status === 204 ? undefined : readJson<T>(response);
  },
};

/** `?a=1&b=2` of what is neither empty nor missing. */
export function toQuery(params: Record<string, string | number | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, value.toString());
  }
  const text = query.toString();
  return text && `?${text}`;
}
